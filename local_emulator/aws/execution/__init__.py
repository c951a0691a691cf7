"""Lambda's execution environment: real processes under the vendor's runtime client."""
