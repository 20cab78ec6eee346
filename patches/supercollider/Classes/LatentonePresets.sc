// The presets of a server: kept, brought back over a time, and what lies between them.
LatentonePresets {
	var latentone;

	*new { |latentone| ^super.newCopyArgs(latentone) }

	store { |name, action, onFail| ^latentone.ask(['/preset/store', name], action, onFail) }
	delete { |name, action, onFail| ^latentone.ask(['/preset/delete', name], action, onFail) }
	list { |action, onFail| ^latentone.ask(['/preset/list'], action, onFail) }

	// These may be bundled, so they do not wait for an answer.
	recall { |name, over| latentone.sendMsg(*['/preset/recall', name] ++ over) }
	slerp { |name, over = 1| latentone.sendMsg('/preset/slerp', name, over) }
	path { |names, over = 1| latentone.sendMsg('/preset/path', over, *names) }
	morph { |x, left, right| latentone.sendMsg('/preset/morph', x, left, right) }
	morph4 { |x, y, lowerLeft, lowerRight, upperLeft, upperRight|
		latentone.sendMsg('/preset/morph4', x, y, lowerLeft, lowerRight, upperLeft, upperRight)
	}
}
