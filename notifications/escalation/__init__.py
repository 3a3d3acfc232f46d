"""What happens while nobody answers: reminders, and seats that pass on. See docs/adr/0015."""
