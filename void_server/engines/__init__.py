"""The engines: what fills a hole. A new one needs `engine` and no other page."""
