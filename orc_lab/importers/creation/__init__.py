"""The old web app's localStorage.

export   the format: the shapes it comes in, and what of it may be kept
records  its records, read one by one
rows     its intentions, projects and todos, with their history
weeks    its weekly goals and what they promise
firefox  its storage in a Firefox profile: found, chosen, decoded
snappy   how Firefox packs long values
"""
