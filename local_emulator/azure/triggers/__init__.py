"""What starts functions by itself: queues, blobs, events, time."""
