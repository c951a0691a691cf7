"""Lambda's Invoke API, in front of moto's own (which costs 2 to 3 ms a call and knows no qualifier)."""
