"""E-mail, the second road: for who has no phone, or has not looked for a while."""
