"""Answers that are signed by the person's phone, and what is kept of them. See docs/receipts.md."""
