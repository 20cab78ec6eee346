"""The patch behind `[latentone]`: words to OSC, OSC to the server, replies back, and whether it answers."""

from __future__ import annotations

from patcher import Patcher


def abstraction() -> Patcher:
    """`[latentone host port reply_port]`."""
    patch = Patcher(760.0, 520.0)
    patch.comment(
        "latentone: plays a Latentone server. Arguments: host, its port, the port that it answers at.", 20.0, 10.0
    )
    words = patch.control(
        "inlet", 30.0, 45.0, comment="messages: latent 3 0.5, preset recall dawn 2, numbers for all knobs"
    )
    raw = patch.control("inlet", 230.0, 45.0, comment="OSC as it is: /latent/3 0.5, past the words and on time")
    connection = patch.object("route host port reply_port", 30.0, 90.0)
    patch.connect(words, connection)
    host, port = patch.message("host $1", 380.0, 190.0), patch.message("port $1", 460.0, 190.0)
    reply_port = patch.message("port $1", 560.0, 190.0)
    script = patch.object("js latentone.words.js", 230.0, 160.0)
    send = patch.object("udpsend 127.0.0.1 9001", 230.0, 250.0)
    receive = patch.object("udpreceive 9002", 560.0, 250.0)
    for index, message in enumerate((host, port, reply_port)):
        patch.connect((connection, index), message)
    patch.connect((connection, 3), script, send)
    patch.connect(raw, send)
    patch.connect(host, send)
    patch.connect(port, send)
    patch.connect(reply_port, receive)
    arguments = patch.object("patcherargs 127.0.0.1 9001 9002", 380.0, 45.0)
    unpack = patch.object("unpack s i i", 380.0, 130.0)
    patch.connect(arguments, unpack)
    for index, message in enumerate((host, port, reply_port)):
        patch.connect((unpack, index), message)

    patch.comment("Asks every second whether the server answers; one that is new is told to notify.", 20.0, 290.0)
    start = patch.object("loadmess 1", 30.0, 320.0)
    clock = patch.object("metro 1000", 30.0, 350.0)
    question = patch.message("/sync #0", 30.0, 380.0)
    patch.connect(start, clock, question, send)
    replies = patch.object("route /synced", 380.0, 320.0)
    own = patch.object("sel #0", 380.0, 350.0)
    back = patch.message("/synced $1", 460.0, 380.0)
    answered = patch.object("t 1", 560.0, 320.0)
    late = patch.object("delay 2500", 620.0, 320.0)
    gone = patch.message("0", 620.0, 350.0)
    change = patch.object("change", 560.0, 390.0)
    new = patch.object("sel 1", 640.0, 390.0)
    notify = patch.message("/notify 1", 640.0, 420.0)
    out = patch.control("outlet", 380.0, 470.0, comment="replies, as OSC: /status.reply voice 32 ...")
    alive = patch.control("outlet", 560.0, 470.0, comment="1 while the server answers, else 0")
    patch.connect(receive, replies, own)
    patch.connect(receive, answered, change, alive)
    patch.connect(receive, late, gone, change)
    patch.connect((own, 1), back, out)
    patch.connect((replies, 1), out)
    patch.connect(change, new, notify, send)
    return patch
