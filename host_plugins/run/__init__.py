"""One removal from button to result, whatever the host: check, export, send, follow, attach."""
