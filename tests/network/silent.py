"""Prints `asked COUNT` for each datagram that comes, and never answers.

usage: silent.py ADDRESS PORT
"""

import socket
import sys

sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind((sys.argv[1], int(sys.argv[2])))
print("listening", flush=True)
count = 0
while True:
    sock.recv(2048)
    count += 1
    print("asked", count, flush=True)
