"""The live run: real servers and clients on loopback, the only asyncio in the tree."""
