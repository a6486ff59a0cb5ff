"""The commands of ``polaris``, a module a noun. Heavy parts are imported when a command runs, not before."""
