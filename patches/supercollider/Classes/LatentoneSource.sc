// A score that the server plays live.
LatentoneSource {
	var latentone, <name;

	*new { |latentone, name| ^super.newCopyArgs(latentone, name) }

	play { |action, onFail| ^latentone.ask(["/source/%/play".format(name)], action, onFail) }
	stop { |action, onFail| ^latentone.ask(["/source/%/stop".format(name)], action, onFail) }
	rate_ { |times| latentone.sendMsg("/source/%/rate".format(name), times) }

	// With the tempo, too: as written at two beats a second.
	rateByTempo { |times = 1| latentone.sendMsg("/source/%/rate".format(name), times, \beat) }
	loop_ { |flag = true| latentone.sendMsg("/source/%/loop".format(name), flag.binaryValue) }
}
