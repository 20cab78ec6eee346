// What MIDI, and other programs' OSC, move in a server.
LatentoneMaps {
	var latentone;

	*new { |latentone| ^super.newCopyArgs(latentone) }

	// The next control that is moved is to move the target; `action` gets its source and the target then.
	learn { |target, low, high, action|
		var heard = { |source, learned|
			latentone.off('/map/learned', heard);
			action.value(source, learned);
		};
		if(action.notNil) { latentone.on('/map/learned', heard) };
		latentone.sendMsg(*['/map/learn', target, low, high].reject(_.isNil))
	}

	cancel { |action, onFail| ^latentone.ask(['/map/cancel'], action, onFail) }

	add { |source, target, low, high, curve, action, onFail|
		^latentone.ask(['/map/add', source, target, low, high, curve].reject(_.isNil), action, onFail)
	}

	remove { |source, action, onFail| ^latentone.ask(['/map/remove', source], action, onFail) }
	save { |action, onFail| ^latentone.ask(['/map/save'], action, onFail) }

	list { |action, onFail|
		var keys = #[source, target, low, high, curve];
		^latentone.ask(['/map/list'], action, onFail, collects: true, convert: { |rows|
			rows.collect { |row| Event.newFrom([keys, row].lace(2 * row.size)) }
		})
	}
}
