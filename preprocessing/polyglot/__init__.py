"""Every language but Python: queries and tables, one file into facts, and names linked as far as they allow."""
