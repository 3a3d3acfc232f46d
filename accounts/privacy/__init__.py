"""What people are told of their data, what they consent to, and what they may ask for."""
