/**
 * What well-known libraries do to a page's built-ins, in short: the kinds of changes that each makes, none of its code.
 */
export const libraries: readonly (readonly [name: string, code: string])[] = [
  [
    'as Prototype.js',
    `Object.extend = function (to, from) { for (var name in from) to[name] = from[name]; return to; };
    var slice = Array.prototype.slice;
    Object.keys = function (of) { var found = []; for (var name in of) found.push(name); return found; };
    Object.extend(Array.prototype, {
      each: function (work) { for (var i = 0; i < this.length; i++) work(this[i], i); return this; },
      reduce: function () { return this.length > 1 ? this : this[0]; },
      include: function (one) { return this.indexOf(one) !== -1; },
      toJSON: function () { return '[' + this.join(', ') + ']'; },
      clone: function () { return [].concat(this); },
      first: function () { return this[0]; },
    });
    Object.extend(String.prototype, {
      toJSON: function () { return '"' + this + '"'; },
      strip: function () { return this.replace(/^\\s+|\\s+$/g, ''); },
      gsub: function (what, by) { return this.split(what).join(by); },
    });
    Number.prototype.toJSON = function () { return String(this); };
    Date.prototype.toJSON = function () { return '"' + this.getTime() + '"'; };
    Object.prototype.toJSON = function () { return '{}'; };
    Function.prototype.bind = function (on) {
      var work = this, first = slice.call(arguments, 1);
      return function () {
        var given = slice.call(first);
        for (var i = 0; i < arguments.length; i++) given[given.length] = arguments[i];
        return work.apply(on, given);
      };
    };
    window.$ = function (id) { return document.getElementById(id); };
    document.getElementsByClassName = function () { return []; };`,
  ],
  [
    'as MooTools',
    `var implement = function (type, methods) {
      for (var name in methods) type.prototype[name] = methods[name];
    };
    implement(Array, {
      each: Array.prototype.forEach, contains: function (one) { return this.indexOf(one) > -1; },
      flatten: function () { return [].concat.apply([], this); }, getLast: function () { return this[this.length - 1]; },
    });
    implement(String, { contains: function (text) { return this.indexOf(text) > -1; }, toInt: function () { return parseInt(this); } });
    implement(Function, {
      bind: function (on, given) { var work = this; return function () { return work.apply(on, given || arguments); }; },
      delay: function (ms) { return setTimeout(this, ms); },
    });
    var found = window.Element;
    window.Element = function (tag) { return document.createElement(tag); };
    window.Element.prototype = found.prototype;
    window.Event = function (event) { this.event = event || window.event; };
    window.Hash = function (of) { for (var name in of) this[name] = of[name]; };
    JSON.encode = JSON.stringify; JSON.decode = JSON.parse;
    window.$ = window.$$ = function (id) { return document.getElementById(id); };`,
  ],
  [
    'as es5-shim, forced',
    `(function () {
      var array = Array.prototype, string = String.prototype, owns = Object.prototype.hasOwnProperty, slice = array.slice;
      array.map = function (work, on) {
        var made = []; for (var i = 0; i < this.length; i++) if (i in this) made[i] = work.call(on, this[i], i, this); return made;
      };
      array.forEach = function (work, on) { for (var i = 0; i < this.length; i++) if (i in this) work.call(on, this[i], i, this); };
      array.filter = function (work, on) {
        var kept = []; for (var i = 0; i < this.length; i++) if (work.call(on, this[i], i, this)) kept[kept.length] = this[i];
        return kept;
      };
      array.indexOf = function (one) { for (var i = 0; i < this.length; i++) if (this[i] === one) return i; return -1; };
      var slice = Array.prototype.slice;
    Object.keys = function (of) { var found = []; for (var name in of) if (owns.call(of, name)) found[found.length] = name; return found; };
      var split = string.split;
      string.split = function (at, limit) { return split.call(this, at, limit); };
      string.trim = function () { return this.replace(/^\\s+|\\s+$/g, ''); };
      var Own = Date;
      Date.now = function () { return new Own().getTime(); };
      var iso = Date.prototype.toISOString;
      Date.prototype.toISOString = function () { return iso.call(this); };
      Function.prototype.bind = function (on) {
        var work = this, first = slice.call(arguments, 1);
        return function () {
          var given = slice.call(first);
          for (var i = 0; i < arguments.length; i++) given[given.length] = arguments[i];
          return work.apply(on, given);
        };
      };
      var parse = window.parseInt;
      window.parseInt = function (text, base) { return parse(text, base); };
    })();`,
  ],
  [
    'as core-js, forced',
    `(function () {
      var values = function () {
        var list = this, i = 0;
        return { next: function () { return i < list.length ? { value: list[i++], done: false } : { value: undefined, done: true }; } };
      };
      Array.prototype[Symbol.iterator] = Array.prototype.values = values;
      Array.from = function (of, work) { var made = [].slice.call(of); return work ? made.map(work) : made; };
      Object.assign = function (to) {
        for (var i = 1; i < arguments.length; i++) for (var name in arguments[i]) to[name] = arguments[i][name];
        return to;
      };
      String.prototype.padStart = function (length, by) {
        var text = String(this); while (text.length < length) text = (by || ' ') + text; return text;
      };
      var later = window.setTimeout;
      function Settled(work) {
        var self = this; self.waiting = [];
        var settle = function (kind) {
          return function (value) {
            if (self.kind) return;
            if (kind === 'kept' && value && typeof value.then === 'function') { self.kind = 'bound'; value.then(end('kept'), end('broken')); return; }
            end(kind)(value);
          };
        };
        var end = function (kind) {
          return function (value) {
            self.kind = kind; self.value = value;
            for (var i = 0; i < self.waiting.length; i++) later(self.waiting[i]);
          };
        };
        try { work(settle('kept'), settle('broken')); } catch (error) { settle('broken')(error); }
      }
      Settled.prototype.then = function (kept, broken) {
        var self = this;
        return new Settled(function (resolve, reject) {
          var go = function () {
            var work = self.kind === 'kept' ? kept : broken;
            if (typeof work !== 'function') return (self.kind === 'kept' ? resolve : reject)(self.value);
            try { resolve(work(self.value)); } catch (error) { reject(error); }
          };
          if (self.kind === 'kept' || self.kind === 'broken') later(go); else self.waiting.push(go);
        });
      };
      Settled.prototype.catch = function (broken) { return this.then(undefined, broken); };
      Settled.prototype.finally = function (work) { return this.then(function (value) { work(); return value; }, function (error) { work(); throw error; }); };
      Settled.resolve = function (value) { return new Settled(function (resolve) { resolve(value); }); };
      Settled.reject = function (error) { return new Settled(function (_, reject) { reject(error); }); };
      Settled.all = function (list) {
        return new Settled(function (resolve, reject) {
          var made = [], left = list.length; if (!left) resolve(made);
          for (var i = 0; i < list.length; i++) (function (i) {
            Settled.resolve(list[i]).then(function (value) { made[i] = value; if (!--left) resolve(made); }, reject);
          })(i);
        });
      };
      window.Promise = Settled;
      var Address = window.URL;
      window.URL = class URL extends Address {};
    })();`,
  ],
  [
    'as Zone.js',
    `(function () {
      var apply = Reflect.apply;
      var inZone = function (work) { return typeof work === 'function' ? function () { return apply(work, this, arguments); } : work; };
      ['setTimeout', 'setInterval', 'requestAnimationFrame', 'queueMicrotask'].forEach(function (name) {
        var own = window[name];
        window[name] = function (work) {
          arguments[0] = inZone(work); return apply(own, window, arguments);
        };
      });
      var known = new WeakMap(), events = EventTarget.prototype, add = events.addEventListener, remove = events.removeEventListener;
      events.addEventListener = function (type, work, options) {
        var wrapped = typeof work === 'function' ? known.get(work) || inZone(work) : work;
        if (typeof work === 'function') known.set(work, wrapped);
        return apply(add, this || window, [type, wrapped, options]);
      };
      events.removeEventListener = function (type, work, options) {
        return apply(remove, this || window, [type, known.get(work) || work, options]);
      };
      var Own = window.Promise, then = Own.prototype.then;
      Own.prototype.then = function (kept, broken) { return apply(then, this, [inZone(kept), inZone(broken)]); };
      window.Promise = class ZoneAwarePromise extends Own {};
      var own = window.fetch;
      window.fetch = function () {
        var given = arguments;
        return new window.Promise(function (resolve, reject) { apply(own, window, given).then(resolve, reject); });
      };
      var text = Function.prototype.toString;
      Function.prototype.toString = function () {
        return this === window.setTimeout || this === window.Promise || this === window.fetch
          ? 'function ' + this.name + '() { [native code] }' : apply(text, this, []);
      };
      var onSuccess = Object.getOwnPropertyDescriptor(IDBRequest.prototype, 'onsuccess');
      Object.defineProperty(IDBRequest.prototype, 'onsuccess', {
        configurable: true, enumerable: true, get: onSuccess.get,
        set: function (work) { apply(onSuccess.set, this, [inZone(work)]); },
      });
    })();`,
  ],
];
