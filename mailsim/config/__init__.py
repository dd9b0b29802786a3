"""From a scenario's text to a topology: read, bind, link, check."""
