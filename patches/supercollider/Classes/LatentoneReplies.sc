// What comes back from a server: answers go to whoever asked, in the order asked, and notices to whoever listens.
LatentoneReplies {
	classvar notices = #['/late', '/underrun', '/dropped', '/model/changed', '/record/stopped', '/source/ended', '/source/at', '/map/learned', '/quitting'];
	var latentone, waiting, listeners, receive;

	*new { |latentone| ^super.newCopyArgs(latentone).init }

	init {
		waiting = IdentityDictionary.new;
		listeners = IdentityDictionary.new;
		// Not an OSCFunc: those end at Cmd-period, and one function hears all that one server says.
		receive = { |msg, time, from|
			if(from.port == latentone.addr.port and: { from.addr == latentone.addr.addr }) { this.prHear(msg) }
		};
		thisProcess.addOSCRecvFunc(receive);
	}

	disable { thisProcess.removeOSCRecvFunc(receive) }

	on { |notice, action|
		if(notices.includes(notice.asSymbol).not) {
			Error("% is no notice; there are %".format(notice, notices.join(", "))).throw
		};
		listeners[notice.asSymbol] = listeners[notice.asSymbol].addFunc(action)
	}

	off { |notice, action|
		listeners[notice.asSymbol] = action !? { listeners[notice.asSymbol].removeFunc(action) }
	}

	ask { |msg, action, onFail, timeout, collects, convert|
		var address = msg[0].asSymbol;
		var request = LatentoneRequest(address, action, onFail, collects, convert);
		waiting[address] = waiting[address].add(request);
		latentone.addr.sendMsg(*msg);
		SystemClock.sched(timeout, {
			if(request.isDone.not) { this.prRemove(request); request.fail("no answer in % s".format(timeout)) };
			nil
		});
		^request
	}

	prHear { |msg|
		var path = msg[0], name = path.asString;
		case
		{ path == '/done' } { this.prTake(msg[1]) { |request| request.done(msg.drop(2)) } }
		{ path == '/synced' } { this.prTake('/sync') { |request| request.done(msg.drop(1)) } }
		{ path == '/fail' } { this.prFail(msg[1], msg[2]) }
		{ name.endsWith(".reply") } { this.prReply(name.drop(-6).asSymbol, msg.drop(1)) }
		{ notices.includes(path) } { this.prNotice(path, msg.drop(1)) }
	}

	prReply { |address, values|
		var request = waiting[address] !? _.first;
		if(request.notNil) {
			if(request.collects) { request.addRow(values) } { this.prTake(address) { request.done(values) } }
		}
	}

	prFail { |address, why|
		if(this.prTake(address) { |request| request.fail(why) }.not) {
			"% %: %".format(latentone, address, why).warn
		}
	}

	prNotice { |path, values|
		listeners[path].value(*values);
		latentone.changed(path, *values);
		switch(path,
			'/model/changed', { { latentone.prLearnModel }.fork(AppClock) },
			'/quitting', { latentone.prGone }
		)
	}

	// Whether somebody waited for an answer from there.
	prTake { |address, action|
		var request = waiting[address] !? _.first;
		if(request.isNil) { ^false };
		this.prRemove(request);
		action.value(request);
		^true
	}

	prRemove { |request|
		waiting[request.address].remove(request);
		if(waiting[request.address].isEmpty) { waiting.removeAt(request.address) };
	}
}
