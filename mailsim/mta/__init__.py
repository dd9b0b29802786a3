"""What each kind of MTA does: the expert's part. ``kind`` states the questions, the folders answer them."""
