"""The program under faults and attack: `make test-faults`."""
