"""What is measured, one file for each question, beside its reference."""
