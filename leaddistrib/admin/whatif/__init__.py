"""What a policy's numbers would have made of last month, on its own page, before it is saved."""
