"""How much this very hub carries, measured on it: see docs/operations.md, Sizing.

With test keys: everything happens but the last wire, and no person sees anything. Two sub-systems
send at a rate, then at five times it, then one at twenty times while the other keeps to its own.
"""
