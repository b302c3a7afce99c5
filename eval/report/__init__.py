"""What people read: tables, and pages of one file that open offline, with code graphs to explore."""
