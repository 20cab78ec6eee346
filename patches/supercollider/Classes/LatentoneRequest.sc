// A question that a server has been asked: an action gets the answer, or a Routine waits for it.
LatentoneRequest {
	var <address, action, onFail, <collects, convert, condition, values, <failure;

	*new { |address, action, onFail, collects = false, convert|
		^super.newCopyArgs(address, action, onFail, collects, convert, Condition.new, [])
	}

	isDone { ^condition.test }

	// Within a Routine: the answer when it has come; nil when there is none, and `failure` says why.
	wait {
		condition.wait;
		^values
	}

	addRow { |row| values = values.add(row) }

	done { |answer|
		if(collects.not) { values = answer };
		values = if(convert.isNil) { values } { convert.value(values) };
		this.prEnd;
		action.value(values);
	}

	fail { |why|
		values = nil;
		failure = why;
		this.prEnd;
		if(onFail.isNil) { "% %".format(address, why).warn } { onFail.value(why) };
	}

	prEnd {
		condition.test = true;
		condition.signal;
	}
}
