"""What `cgm-data` is made of: histories harvested for rows, and the rows put together as a training set."""
