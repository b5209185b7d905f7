"""The harness of the races: contestants in fresh processes, interleaved, on a machine that is watched."""
