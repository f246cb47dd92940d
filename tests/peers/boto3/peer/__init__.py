"""What the tests of boto3 against the simulator share."""
