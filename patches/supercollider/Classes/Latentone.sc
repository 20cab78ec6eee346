// A Latentone server as sclang sees it: started or found running, sent to, asked, bundled, and ended.
Latentone {
	classvar <>default, <all, <>program;
	var <name, <addr, <>options, <>latency = 0.2;
	var <isRunning = false, <isBooting = false, <pid, <knobs, <voiceCount = 1;
	var <replies, <presets, <models, <motion, <maps, <input, voices, bundle;

	*initClass {
		Class.initClassTree(NetAddr);
		all = IdentityDictionary.new;
		// exec, so that `pid` is the server's and not that of the shell around it.
		program = if(thisProcess.platform.name == \windows) { "latentone" } { "exec latentone" };
		default = this.new(\default);
		CmdPeriod.add(this);
		ShutDown.add { all.do { |latentone| if(latentone.pid.notNil) { latentone.sendMsg('/quit') } } };
	}

	*new { |name, addr, options|
		^super.newCopyArgs(name, addr, options ?? { LatentoneOptions.new }).init
	}

	*cmdPeriod { all.do { |latentone| if(latentone.isRunning) { latentone.freeAll } } }

	init {
		addr = addr ?? { NetAddr("127.0.0.1", options.port) };
		knobs = [];
		voices = IdentityDictionary.new;
		replies = LatentoneReplies(this);
		presets = LatentonePresets(this);
		models = LatentoneModels(this);
		motion = LatentoneMotion(this);
		maps = LatentoneMaps(this);
		input = LatentoneInput(this);
		all[name] = this;
	}

	remove {
		replies.disable;
		all.removeAt(name);
	}

	// starting and ending

	boot { |onComplete, onFailure, timeout = 120|
		if(isRunning) { onComplete.value(this); ^this };
		if(isBooting) { "% boots already".format(this).warn; ^this };
		isBooting = true;
		// One that runs already at this address is taken as it is.
		this.prReach(0.5, { this.prConnect(onComplete) }, {
			pid = (program + "play" + options.asOptionsString).unixCmd { |status| this.prEnded(status) };
			this.prReach(timeout, { this.prConnect(onComplete) }, {
				isBooting = false;
				if(pid.notNil) { this.kill };
				"% did not start; the post window says why".format(this).warn;
				onFailure.value(this);
			}, { pid.notNil });
		});
	}

	connect { |onComplete, onFailure, timeout = 5|
		if(isRunning) { onComplete.value(this); ^this };
		isBooting = true;
		this.prReach(timeout, { this.prConnect(onComplete) }, {
			isBooting = false;
			"no Latentone answers at %:%".format(addr.hostname, addr.port).warn;
			onFailure.value(this);
		});
	}

	waitForBoot { |onComplete, onFailure, timeout = 120|
		this.boot({ { onComplete.value(this) }.fork(AppClock) }, onFailure, timeout)
	}

	quit { |onComplete|
		^this.ask(['/quit'], { this.prGone; onComplete.value(this) }, { this.prGone })
	}

	kill {
		if(pid.notNil) { thisProcess.platform.killProcessByID(pid) };
		this.prGone;
	}

	// sending

	sendMsg { |... msg|
		if(bundle.notNil) { bundle = bundle.add(msg) } { addr.sendMsg(*msg) }
	}

	sendBundle { |time ... msgs| addr.sendBundle(time, *msgs) }

	// Everything that `func` sends takes effect on one sample, `time` seconds from now; nothing is sent when time is false.
	// A bundle that is made within another becomes a part of it.
	makeBundle { |time, func|
		var outer = bundle, made;
		bundle = [];
		protect { func.value(this) } { made = bundle; bundle = outer };
		if(time != false and: { made.notEmpty }) {
			if(outer.isNil) { this.sendBundle(time, *made) } { bundle = outer ++ made }
		};
		^made
	}

	bind { |func| ^this.makeBundle(latency, func) }

	ask { |msg, action, onFail, timeout = 5, collects = false, convert|
		^replies.ask(msg, action, onFail, timeout, collects, convert)
	}

	// Within a Routine: go on when all that was sent so far has been taken in.
	sync { |timeout = 5|
		var id = UniqueID.next;
		^this.ask(['/sync', id], nil, nil, timeout).wait
	}

	// questions

	status { |action, onFail|
		var keys = #[model, latents, underruns, load, loadPeak, latencyMs, sampleRate, dropped, late, malformed, voices];
		^this.ask(['/status'], action, onFail, convert: { |values| Event.newFrom([keys, values].lace(2 * values.size)) })
	}

	version { |action| ^this.ask(['/version'], action) }

	help { |address, action|
		^this.ask(['/help'] ++ address, action ?? { { |rows| rows.do { |row| row.join("\n\t").postln } } }, collects: true)
	}

	// What the server tells without being asked: '/late', '/underrun', '/model/changed', '/record/stopped' and the like.
	on { |notice, action| replies.on(notice, action) }
	off { |notice, action| replies.off(notice, action) }
	notify_ { |flag = true| ^this.ask(['/notify', flag.binaryValue], nil, {}) }

	// recording, on the server's machine

	record { |name, action, onFail| ^this.ask(['/record/start', name], action, onFail) }
	stopRecording { |action, onFail| ^this.ask(['/record/stop'], action, onFail) }

	sources { |action| ^this.ask(['/source/list'], action) }
	source { |name| ^LatentoneSource(this, name) }

	// silence

	freeAll {
		this.sendMsg('/clearSched');
		this.sendMsg('/motion/stop');
		this.sendMsg('/voice/*/gate', 0);
		voices.do(_.prFreed);
	}

	panic {
		this.sendMsg('/panic');
		voices.do(_.prFreed);
	}

	clearSched { this.sendMsg('/clearSched') }

	// voices

	voice { |index = 0|
		if(voices[index].isNil) { voices[index] = LatentoneVoice(this, index) };
		^voices[index]
	}

	// The next voice that nobody plays starts, as Synth.new does; nil when there is none.
	play { |args|
		var index = voiceCount.collectAs({ |i| i }, Array).detect { |i| this.voice(i).isPlaying.not };
		if(index.isNil) { "%: all % voices play".format(this, voiceCount).warn; ^nil };
		^this.voice(index).play(args)
	}

	// A knob as a part of an address: an index, or its name, without the signs that OSC keeps for patterns.
	*knob { |knob|
		if(knob.isNumber) { ^knob.asInteger };
		^knob.asString.collect { |char| if(" \t#*,/?[]{}".includes(char)) { $_ } { char } }
	}

	printOn { |stream| stream << "Latentone(" << name << ")" }

	// private

	prReach { |timeout, onReached, onFail, goOn|
		var routine, reached = false, request, until = Main.elapsedTime + timeout;
		routine = {
			while { reached.not and: { Main.elapsedTime < until } and: { goOn.isNil or: { goOn.value } } } {
				this.ask(['/version'], { reached = true }, {}, 0.3).wait;
				if(reached.not) { 0.1.wait };
			};
			if(reached) { onReached.value } { onFail.value };
		}.fork(AppClock);
	}

	prConnect { |onComplete|
		{
			isBooting = false;
			isRunning = true;
			this.notify_(true);
			this.prLearnModel;
			this.changed(\serverRunning);
			onComplete.value(this);
		}.fork(AppClock)
	}

	prLearnModel {
		[
			models.knobs({ |rows| knobs = rows }, {}),
			models.info({ |info| voiceCount = info[\voices] }, {})
		].do(_.wait);
	}

	prEnded { |status|
		if(isRunning or: { isBooting }) { "% ended with status %".format(this, status).postln };
		pid = nil;
		this.prGone;
	}

	prGone {
		isRunning = false;
		voices.do(_.prFreed);
		this.changed(\serverRunning);
	}
}
