"""A bundle of the program, for those who have no Python; build_installer.spec asks here what is in it."""
