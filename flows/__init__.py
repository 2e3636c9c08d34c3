"""One flow a file, each read as a recipe; also the command line."""
