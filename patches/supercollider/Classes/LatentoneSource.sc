// A score that the server plays live.
LatentoneSource {
	var latentone, <name;

	*new { |latentone, name| ^super.newCopyArgs(latentone, name) }

	play { |action, onFail| ^latentone.ask(["/source/%/play".format(name)], action, onFail) }
	stop { |action, onFail| ^latentone.ask(["/source/%/stop".format(name)], action, onFail) }
	rate_ { |times| latentone.sendMsg("/source/%/rate".format(name), times) }
	loop_ { |flag = true| latentone.sendMsg("/source/%/loop".format(name), flag.binaryValue) }
}
