"""What a worker imports: its folder is on the path there."""
