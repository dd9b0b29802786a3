"""One vocabulary for what happens to mail, written by prediction and live run alike."""
