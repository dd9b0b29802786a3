"""How mail moves, without sockets and without a clock; both drivers run this code."""
