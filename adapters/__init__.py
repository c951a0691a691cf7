"""What carries requests and work of a platform to the core, one file or folder each; they translate."""
