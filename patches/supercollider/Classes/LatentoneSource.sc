// A score or a data set that the server plays live.
LatentoneSource {
	var latentone, <name;

	*new { |latentone, name| ^super.newCopyArgs(latentone, name) }

	play { |action, onFail| ^latentone.ask(["/source/%/play".format(name)], action, onFail) }
	stop { |action, onFail| ^latentone.ask(["/source/%/stop".format(name)], action, onFail) }
	rate_ { |times| latentone.sendMsg("/source/%/rate".format(name), times) }

	// With the tempo, too: as written at two beats a second.
	rateByTempo { |times = 1| latentone.sendMsg("/source/%/rate".format(name), times, \beat) }
	loop_ { |flag = true| latentone.sendMsg("/source/%/loop".format(name), flag.binaryValue) }

	// What follows is for data sets.
	seek { |items| latentone.sendMsg("/source/%/seek".format(name), items) }
	index_ { |index| latentone.sendMsg("/source/%/index".format(name), index) }
	row { |values| latentone.sendMsg("/source/%/row".format(name), *values) }
	frame { |values| latentone.sendMsg("/source/%/frame".format(name), *values) }
	dwell_ { |seconds| latentone.sendMsg("/source/%/dwell_s".format(name), seconds) }
	glide_ { |seconds| latentone.sendMsg("/source/%/glide_s".format(name), seconds) }
	order { |order, action, onFail| ^latentone.ask(["/source/%/order".format(name), order], action, onFail) }
	couple { |coupling, action, onFail|
		// It may have to be fitted first, which takes its time.
		^latentone.ask(["/source/%/coupling".format(name), coupling], action, onFail, 120)
	}
}
