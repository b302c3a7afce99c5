"""What `cgm-eval` is made of: cases judged by a backend into a run folder, and the reports on them."""
