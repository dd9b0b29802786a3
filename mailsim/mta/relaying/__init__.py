"""What every relaying MTA needs: next hops from DNS, TLS policies, retry schedules."""
