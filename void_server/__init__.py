"""The server: broker, spool, workers, pictures, engines. Owns pixels, colour and models."""
