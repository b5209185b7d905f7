"""Minifying is safe or it does not happen: what the judge lets through, what it stops, and what is published then."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import django.contrib.admin
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import django_static
from django_static import minify
from django_static.kinds import is_minified
from django_static.minify import css_strip, engines, verify

SAME_SCRIPTS = {
    "semicolon": ("window.onload = function() {\n   dostuff();\n};", "window.onload=function(){dostuff()}"),
    "local names": ("(function(){var long=1;f(long)})()", "(function(){var e=1;f(e)})()"),
    "if as and": ("if(a){b()}", "a&&b()"),
    "if else": ("if(!a){b()}else{c()}", "a?c():b()"),
    "nested ifs": ("if(a){if(b)c()}", "a&&b&&c()"),
    "de morgan": ("if(!a||!b)c()", "a&&b||c()"),
    "return": ("function f(){if(a){return 1}else{return 2}}", "function f(){return a?1:2}"),
    "return truth": ("function f(){if(a)return true;return false}", "function f(){return!!a}"),
    "return early": ("function f(){if(a){return}b()}", "function f(){a||b()}"),
    "return undefined": ("function f(){a();return undefined}", "function f(){a()}"),
    "comma": ("a();b();return_(c)", "a(),b(),return_(c)"),
    "while": ("while(a)b()", "for(;a;)b()"),
    "var hoisted": (
        "function f(){for(var i=0;i<9;i++){var q=i;g(q)}}",
        "function f(){for(var e,t=0;t<9;t++)e=t,g(e)}",
    ),
    "booleans": ("a=true;b=false;c=undefined;d=Infinity", "a=!0,b=!1,c=void 0,d=1/0"),
    "strings": ("a='it\\'s'+\"x\";b='\\u00e9'", 'a="it\'sx",b="é"'),
    "numbers": ("a=1000000;b=0xff;c=0.50;d=1_000", "a=1e6,b=255,c=.5,d=1e3"),
    "properties": ("a['b']['c-d'];({'e':1,'f-g':2})", 'a.b["c-d"],{e:1,"f-g":2}'),
    "new": ("new A()", "new A"),
    "typeof": ("typeof a==='string'", 'typeof a=="string"'),
    "private": ("class A{#long=1;get(){return this.#long}}", "class A{#e=1;get(){return this.#e}}"),
    "unused catch": ("try{a()}catch(e){b()}", "try{a()}catch{b()}"),
    "template": ("a=`x`", 'a="x"'),
    "arrow": ("a=x=>{return x+1}", "a=e=>e+1"),
    "++ of a number": ("function f(){var i=0;i=i+1;g(i)}", "function f(){var e=0;++e;g(e)}"),
    "block": ("{a();b()}", "a(),b()"),
    "regex class": (r"a=/[\/x]/", "a=/[/x]/"),
    "regex marks": (r"a=/\%\-\'\ \~b[\%]/", r"a=/%-' ~b[%]/"),
}
SAME_SCRIPTS.update(
    {
        "shared call": (
            "function g(a){if(!a||a===1){f(1,x)}else{f(2,x)}}",
            "function g(e){f(!e||e===1?1:2,x)}",
        ),
        "shared call of a value": (
            "function g(a){q=typeof a=='string'&&a!=null?f(1):f(2)}",
            "function g(e){q=f(typeof e=='string'&&e!=null?1:2)}",
        ),
        "shared assignment": (
            "function g(){var x;if(a){x=1}else{x=2}return x}",
            "function g(){var e;return e=a?1:2,e}",
        ),
        "shared return after expressions": (
            "function g(){if(a){b();return c}d();return e}",
            "function g(){return a?(b(),c):(d(),e)}",
        ),
        "choice in a choice": ("q=a?b>c?d:e:e", "q=a&&b>c?d:e"),
        "choice in a choice, the other way round": ("q=a?b?e:d:e", "q=a&&!b?d:e"),
        "choice in the other part of a choice": ("q=a?e:b?d:e", "q=a||!b?e:d"),
        "if inside a comma": (
            "function g(){if(a){if(b){c()}return d}return e}",
            "function g(){return a?(b&&c(),d):e}",
        ),
        "return false": ("function g(){if(!a)return false;return b}", "function g(){return!!a&&b}"),
        "return true": ("function g(){if(a)return true;return b}", "function g(){return!!a||b}"),
        "not then value": ("function g(){if(a)return false;return b}", "function g(){return!a&&b}"),
        "not or value": ("function g(){if(a)return b;return true}", "function g(){return!a||b}"),
        "same in both": ("q=a?b:b", "q=(a,b)"),
        "or": ("function g(a){return a?a:b}", "function g(e){return e||b}"),
        "and": ("function g(a){return a?b:a}", "function g(e){return e&&b}"),
        "throw": ("function g(){if(a)throw b;else throw c}", "function g(){throw a?b:c}"),
        "comma in a test": ("if((a(),b))c()", "a(),b&&c()"),
        "comma in a switch": ("a();switch(b){case 1:c()}", "switch(a(),b){case 1:c()}"),
        "comma in a return": ("function g(){a();return b}", "function g(){return a(),b}"),
        "comma first in an and": ("a();b&&c()", "(a(),b)&&c()"),
        "else if": ("if(a)b();else if(c)d()", "a?b():c&&d()"),
        "neither": ("if(a){}else{b()}", "a||b()"),
        "empty if": ("if(a()){}else{}", "a()"),
        "same else": ("if(a){if(b){c()}else{d()}}else{d()}", "a&&b?c():d()"),
        "same then": ("if(a){c()}else{if(b){c()}else{d()}}", "a||b?c():d()"),
        "continue at the end": ("for(;a;){if(b){c();continue}d()}", "for(;a;)b?c():d()"),
        "do": ("do{a()}while(!b)", "do a();while(!b)"),
        "each": ("for(var a in b){c(a)}", "for(var a in b)c(a)"),
        "let loop": ("for(let i=0;i<9;i+=1){f(i)}", "for(let i=0;i<9;i+=1)f(i)"),
        "with": ("with(a){b()}", "with(a)b()"),
        "not not": ("if(!!a)b()", "a&&b()"),
        "not of equal": ("if(!(a==b))c()", "a!=b&&c()"),
        "truth in a test": ("if(a?b:!c)d()", "(a?b:!c)&&d()"),
        "void": ("void a()", "a()"),
        "negative": ("a=- 1;b=-(-1)", "a=-1,b=1"),
        "long sum": ("a='b'+'c'+d+'e'+'f'", "a='bc'+d+'ef'"),
        "undefined and null": ("a==undefined", "a==null"),
        "literal first": ("null==a", "a==null"),
        "return of a block": (
            "function g(){if(a){let b=c();return b}return d}",
            "function g(){if(a){let e=c();return e}return d}",
        ),
        "named function": ("a=function b(){c()}", "a=function(){c()}"),
        "export default": ("export default function a(){}", "export default function(){}"),
        "false": ("while(false)a()", "for(;!1;)a()"),
        "in a class": ("class A{static{if(a)b()}c=!0;'d'(){return}}", "class A{static{a&&b()}c=true;d(){}}"),
        "getter pairs": ("({get a(){return;},set a(b){}})", "({get a(){},set a(e){}})"),
        "patterns": (
            "function f({a,b:[c=1,...d],...e}){g(a,c,d,e)}",
            "function f({a:t,b:[n=1,...s],...o}){g(t,n,s,o)}",
        ),
        "octal": ("a=0o17;b=0b11;c=0xFFn", "a=15,b=3,c=255n"),
        "continued string": ("a='b\\\nc\\0'", 'a="bc\\0"'),
        "tagged": ("String.raw`a${b}c`", "String.raw`a${b}c`"),
        "async generator": (
            "async function*a(){for await(const b of c)yield*b;await d;yield}",
            "async function*a(){for await(const e of c)yield*e;await d;yield}",
        ),
        "generator expression": ("a=function*(){yield b}", "a=function*(){yield b}"),
        "optional": ("a?.b?.[c]?.(d)", "a?.b?.[c]?.(d)"),
        "private in": ("class A{#b;c(d){return #b in d}}", "class A{#e;c(t){return #e in t}}"),
        "export from": ("export*from 'a';export {b as c} from 'd'", "export*from'a';export{b as c}from'd'"),
        "export class": ("export default class A{}", "export default class{}"),
        "finally": ("try{a()}catch(b){c(b)}finally{d()}", "try{a()}catch(e){c(e)}finally{d()}"),
    }
)
OTHER_SCRIPTS = {
    "length of a function": ("a.use(function(a,b,c,d){e(a)})", "a.use(function(e){e(e)})"),
    "length of a method": ("class A{b(c){}}", "class A{b(){}}"),
    "length of an arrow": ("a(b=>1)", "a(()=>1)"),
    "test before a name": ("a()?f(1):f(2)", "f(a()?1:2)"),
    "global before a name": ("a?f(1):f(2)", "f(a?1:2)"),
    "getter before a name": ("function g(a){a.b?f(1):f(2)}", "function g(e){f(e.b?1:2)}"),
    "conversion before a name": ("function g(a){a==1?f(1):f(2)}", "function g(e){f(e==1?1:2)}"),
    "nullish": ("function f(a){return a!=null?a:b}", "function f(e){return e??b}"),
    "two getters": ("q=a?a:b", "q=a||b"),
    "two getters, and": ("q=a?b:a", "q=a&&b"),
    "power": ("a=Math.pow(b,2)", "a=b**2"),
    "power of a negative": ("a=(-b)**c", "a=-b**c"),
    "power of a sum": ("a=(-b)**c+d", "a=-b**c+d"),
    "mixed nullish": ("a=b??(c||d)", "a=b??c||d"),
    "mixed nullish after": ("a=(b||c)??d", "a=b||c??d"),
    "property of a number": ("a=void 0", "a=0[0]"),
    "unpacked": ("const a=b(),c=d()", "const[a,c]=[b(),d()]"),
    "unpacked and hoisted": (
        "function q(){const a=b(),c=h();return c;function h(){return a}}",
        "function q(){const[e,t]=[b(),n()];return t;function n(){return e}}",
    ),
    "old value first": ("function f(){var x=1;x+=(x=5,1);g(x)}", "function f(){var e=1;e=5,e+=1;g(e)}"),
    "reference first": ("a=(b(),c)", "b(),a=c"),
    "reference before a test": ("if(a())b=1;else b=2", "b=a()?1:2"),
    "own __proto__": ("a={__proto__:__proto__}", "a={__proto__}"),
    "constructor": ("class A{['constructor'](){}}", "class A{constructor(){}}"),
    "negative zero as a key": ("a[-0]", 'a["-0"]'),
    "octal escape": ("a='\\01'", "a='01'"),
    "twice in a catch": ("try{a()}catch(b){let c=b;d(c)}", "try{a()}catch(e){let e=e;d(e)}"),
    "same name in a catch": ("try{a()}catch(b){let c=1;d(c)}", "try{a()}catch(e){let e=1;d(e)}"),
    "same name as a parameter": ("function f(a){let b=1;g(b)}", "function f(e){let e=1;g(e)}"),
    "object that is a block": ("({a:b()}).c", "{a:b()}.c"),
    "octal number": ("'use strict';a=017", "'use strict';a=15"),
    "octal escape of a letter": ("a='\\101'", "a='101'"),
    "scope of a default": ("function f(a=x){var x=1;g(a,x)}", "function f(e=t){var t=1;g(e,t)}"),
    "scope of a loop": ("for(let a of a)f(a)", "for(let e of a)f(e)"),
    "not yet there": ("for(let a of a)f(a)", "for(let e of b)f(e)"),
    "value of a loop": ("for(var i=f() in o)g()", "for(var i in o)g()"),
    "eval in parentheses": ("(function(){var a=1;(eval)('a')})()", "(function(){var e=1;(eval)('a')})()"),
    "eval of a name": ("a=function b(){eval('b')}", "a=function(){eval('b')}"),
    "eval of a variable": ("function f(){var x;eval('x=1')}", "function f(){eval('x=1')}"),
    "undefined in with": ("with(o)a=undefined", "with(o)a=void 0"),
    "Infinity in with": ("with(o)a=Infinity", "with(o)a=1/0"),
    "another undefined": ("let undefined=1;f(undefined)", "let undefined=1;f(void 0)"),
    "function in a block": ("{function f(){}}", "function f(){}"),
    "function known outside": ("{function f(){}}f()", "{function e(){}}f()"),
    "function in a case": ("switch(a){case 1:function f(){}}f()", "switch(a){case 1:function e(){}}f()"),
    "function known in a function": (
        "function o(){{function f(){}}return f}",
        "function o(){{function e(){}}return f}",
    ),
    "function after a return": (
        "function o(){if(a)return 1;function g(){}h(g)}",
        "function o(){if(a)return 1;else function g(){}h(g)}",
    ),
    "++ of a function": ("(function f(){g(f=f+1)})()", "(function e(){g(++e)})()"),
    "template objects": ("a=b?f`c`:f`c`", "a=(b,f`c`)"),
    "name of a value": ("let f=(a,function(){})", "a;let f=function(){}"),
    "name that is read": ("!function(){function a(){}b(a.name)}()", "!function(){function e(){}b(e.name)}()"),
    "name of a class": ("!function(){class A{}b(A['name'])}()", "!function(){class e{}b(e['name'])}()"),
    "name of an expression": ("b(function a(){}.name)", "b(function(){}.name)"),
    "name of a variable": ("!function(){var a=()=>1;b(a.name)}()", "!function(){var e=()=>1;b(e.name)}()"),
    "name of a default": (
        "!function(){let{a=()=>1}=c;b(a.name)}()",
        "!function(){let{a:e=()=>1}=c;b(e.name)}()",
    ),
    "name taken apart": (
        "!function(){class A{}b(({name})=>name)}()",
        "!function(){class e{}b(({name:e})=>e)}()",
    ),
    "name of a default export": ("export default function a(){b.name}", "export default function(){b.name}"),
    "exported declaration": ("export default(function(){})", "export default function(){}"),
    "comment or operator": ("a=[b<!--c,\n1]", "a=[b<!--c,1]"),
    "comment in a module": ("import 'a'\n<!--b", "import 'a'"),
    "decorator": ("@a class B{}", "class B{}"),
    "arguments of an arrow": (
        "a(arguments=>function(){return arguments})",
        "a(e=>function(){return e})",
    ),
    "static block": (
        "function f(){class A{static{var x=1}}return x}",
        "function f(){class A{static{var e=1}}return e}",
    ),
    "end of an element": ("a='<\\/script>'", "a='</script>'"),
    "beginning of a comment": ("a='<\\!--'", "a='<!--'"),
    "element and method": ("({a:function(){}})", "({a(){}})"),
    "shadowed": (
        "(function(){var a;function f(){var b=1;a=2}f();g(a)})()",
        "(function(){var e;function t(){var n=1,e=2}t();g(e)})()",
    ),
    "eval": ("(function(){var long=1;eval('long')})()", "(function(){var e=1;eval('long')})()"),
    "with": ("function f(o,p){with(o)p()}", "function f(e,t){with(e)t()}"),
    "global renamed": ("var api=1", "var e=1"),
    "property renamed": ("a.b", "a.c"),
    "operands": ("a-b", "b-a"),
    "arguments": ("f(a,b)", "f(b,a)"),
    "order": ("a();b()", "b();a()"),
    "unpacked early": ("const a=b(),c=a", "const[a,c]=[b(),a]"),
    "shared call of a method": ("a?x().f(1):x().f(2)", "x().f(a?1:2)"),
    "order of values": ("const f=a(),[c]=b()", "const[c]=b(),f=a()"),
    "dangling else": ("if(a){if(b)c()}else d()", "a&&b?c():d()"),
    "precedence": ("(a,b)+c", "a,b+c"),
    "group": ("(a+b)*c", "a+b*c"),
    "minus minus": ("a - -b", "a-b"),
    "plus plus": ("a + +b", "a+b"),
    "new line ends": ("a\n++b", "a++;b"),
    "new line and call": ("a=b\n(c)()", "a=b;c()"),
    "regex": ("a=/x y/", "a=/xy/"),
    "choice in a choice of others": ("q=a?b?d:e:f", "q=a&&b?d:f"),
    "choice in a choice, mixed up": ("q=a?b?d:e:e", "q=a||b?d:e"),
    "choice in a choice, turned": ("q=a?b?d:e:e", "q=a&&b?e:d"),
    "regex mark of a quantifier": (r"a=/b{1\,2}/", "a=/b{1,2}/"),
    "regex mark of a group": (r"a=/(?\:b)/", "a=/(?:b)/"),
    "regex mark that counts": (r"a=/\.b/", "a=/.b/"),
    "regex mark in the strict form": (r"a=/\%/u", "a=/%/u"),
    "regex flags": ("a=/x/g", "a=/x/"),
    "template white space": ("a=`x  y`", "a=`x y`"),
    "tagged template": ("a`\\n`", "a`\n`"),
    "string": ("a='//x'", "a='"),
    "string white space": ("a='x  y'", "a='x y'"),
    "strict equality": ("a===b", "a==b"),
    "not of a comparison": ("!(a<b)", "a>=b"),
    "optional chain": ("(a?.b).c", "a?.b.c"),
    "optional number": ("a?.5:1", "a?.b"),
    "this": ("a=function(){return this}", "a=()=>this"),
    "async": ("async()=>{}", "()=>{}"),
    "await": ("async()=>{await a}", "async()=>{a}"),
    "yield": ("function*f(){yield a}", "function*f(){a}"),
    "directive lost": ("'use strict';a()", "a()"),
    "directive made": ("('use strict');a()", "'use strict';a()"),
    "static": ("class A{static a=1}", "class A{a=1}"),
    "getter": ("({get a(){return 1}})", "({a(){return 1}})"),
    "default": ("function f(a=1){return a}", "function f(a){return a}"),
    "import": ("import{a}from'b'", "import{c}from'b'"),
    "import attributes": ("import a from'b'with{type:'json'}", "import a from'b'"),
    "export": ("export{a as b}", "export{a}"),
    "const": ("const a=1", "let a=1"),
    "number": ("a=.1", "a=.11"),
    "big": ("a=1n", "a=1"),
    "string plus one": ("function f(){var i=g();i=i+1;h(i)}", "function f(){var i=g();++i;h(i)}"),
    "truth value": ("function f(){if(a)return true;return false}", "function f(){return a}"),
    "delete": ("delete a.b", "a.b"),
    "label": ("a:for(;;){for(;;)continue a}", "a:for(;;){for(;;)continue}"),
    "case": ("switch(a){case 1:b();case 2:c()}", "switch(a){case 1:b();break;case 2:c()}"),
    "finally": ("try{a()}finally{b()}", "try{a()}catch{b()}"),
    "hole": ("[,a]", "[a]"),
    "spread": ("f(...a)", "f(a)"),
    "__proto__": ("({['__proto__']:a})", "({__proto__:a})"),
    "broken": ("a()", "a("),
    "licence": ("/*! mine */a()", "a()"),
}
SAME_SCRIPTS.update(
    {
        "truth values side by side": (
            "function f(){if(!a||b!==c){return true}if(d()){return true}return e}",
            "function f(){return!a||b!==c||!!d()||e}",
        ),
        "truth values in the middle": (
            "function f(){return a&&(!b&&!c)&&d}",
            "function f(){return a&&!(b||c)&&d}",
        ),
        "else with a variable": (
            "function f(){if(a){b();return}else{let c=d();e(c)}}",
            "function f(){if(a){b();return}let t=d();e(t)}",
        ),
        "block with a variable": (
            "function f(){let a=1;{let a=2;class B{}g(a,B)}g(a)}",
            "function f(){let e=1,t=2;class n{}g(t,n),g(e)}".replace("let e=1,t=2", "let e=1;let t=2"),
        ),
        "block in a loop": (
            "function f(){for(;;){{let a=b();c(()=>a)}}}",
            "function f(){for(;;){let e=b();c(()=>e)}}",
        ),
        "true": ("a=true?b():c();d=!1?{}:e?1:2", "a=b(),d=e?1:2"),
        "if true": ("if(true){a()}else{b()}if(false)c();else d()", "a(),d()"),
        "return at the end": (
            "function f(){if(a)return b;else if(c)return d()}",
            "function f(){return a?b:c?d():void 0}",
        ),
        "return for one of them": (
            "function f(){if(a(b)){return b}if(c){return f(c)}return undefined}",
            "function f(){if(a(b))return b;if(c)return f(c)}",
        ),
    }
)
OTHER_SCRIPTS.update(
    {
        "truth value among others": (
            "function f(){if(!a||b!==c){return true}if(d()){return true}return e}",
            "function f(){return!a||b!==c||d()||e}",
        ),
        "another connective": ("a=!b&&!c&&d", "a=!(b&&c)&&d"),
        "variable of a block used behind it": (
            "function f(){{let c=1;g(c)}g(c)}",
            "function f(){let c=1;g(c);g(c)}",
        ),
        "variable of a block used before it": (
            "function f(){g(c);{let c=1;g(c)}}",
            "function f(){g(c);let c=1;g(c)}",
        ),
        "variable of a block at the top": ("{let a=b();c(a)}", "let a=b();c(a)"),
        "variable declared twice": ("function f(){var a;{let a=b()}}", "function f(){var a;let a=b()}"),
        "variable declared twice with let": (
            "function f(){{let a=b()}{let a=c()}}",
            "function f(){let a=b();let a=c()}",
        ),
        "variable declared twice in a list": ("function f(){let a=b()}", "function f(){let a=b(),a}"),
        "variable declared twice in a case": (
            "switch(a){case 1:{let b=c()}case 2:{let b=d()}}",
            "switch(a){case 1:let b=c();case 2:let b=d()}",
        ),
        "variable declared twice in a static block": (
            "class A{static{var a;{let a=b()}}}",
            "class A{static{var a;let a=b()}}",
        ),
        "parameter declared twice": ("function f(a){{let a=b()}}", "function f(a){let a=b()}"),
        "caught error declared twice": ("try{a()}catch(b){{let b=c()}}", "try{a()}catch(b){let b=c()}"),
        "variable that eval may see": (
            "function f(){{let a=b()}eval(c)}",
            "function f(){let a=b();eval(c)}",
        ),
        "variable outside of a loop": (
            "function f(){for(;;){let a=b();c(()=>a)}}",
            "function f(){let a;for(;;){a=b();c(()=>a)}}",
        ),
        "function of a block": (
            "function f(){g();{function g(){}}}",
            "function f(){g();function g(){}}",
        ),
        "declaration without a block": ("if(a){let b=c()}", "if(a)let b=c()"),
        "class without a block": ("while(a){class B{}}", "while(a)class B{}"),
        "another branch of true": ("a=true?b():c()", "a=c()"),
        "another branch of if true": ("if(true)a();else b()", "b()"),
        "neither branch of true": ("a=true?b():c()", "a=d"),
        "this of true": ("(true?a.b:c)()", "a.b()"),
        "eval of true": ("(true?eval:c)(d)", "eval(d)"),
        "typeof of true": ("typeof(true?a:b)", "typeof a"),
        "name of true": ("a.name;b=true?function(){}:c", "a.name;b=function(){}"),
        "variable of a branch of false": (
            "function f(){if(false){var a}return a}",
            "function f(){return a}",
        ),
        "return of a call at the end": ("function f(){if(a)return b;c()}", "function f(){return a?b:c()}"),
        "return of the last": ("function f(){a();b()}", "function f(){return a(),b()}"),
        "shared call of a test that calls": ("a=b()?c(1):c(2)", "a=c(b()?1:2)"),
    }
)
SAME_STYLES = {
    "white space": ("a > b , c { d : e ; }", "a>b,c{d:e}"),
    "comment": ("a/**/{b:c}", "a{b:c}"),
    "colours": (
        "a{color:#ff0000;border-color:#aabbcc;background-color:rgb(0,0,0)}",
        "a{color:red;border-color:#abc;background-color:#000}",
    ),
    "zeros": ("a{margin:0px 0px;width:0.50em;top:+1.0px}", "a{margin:0;width:.5em;top:1px}"),
    "weights": ("a{font-weight:bold}", "a{font-weight:700}"),
    "family": ('a{font-family:"Open Sans",serif}', "a{font-family:open sans,serif}"),
    "quotes": ("a[b=\"c\"]{d:url('e')}", "a[b=c]{d:url(e)}"),
    "background": ("a{background:none}", "a{background:0 0}"),
    "empty rule": ("a{}b{c:d}", "b{c:d}"),
    "empty rule after an import": ("@import 'b';a{}", "@import 'b'"),
    "import": ("@import url(a.css);", '@import "a.css"'),
    "range": ("@font-face{unicode-range:U+0025-00FF}", "@font-face{unicode-range:U+25-FF}"),
}
SAME_STYLES.update(
    {
        "angles of zero": (
            "a{transform:rotate(0deg) skewX( 0turn ) rotate3d(1,0,0,0deg)}",
            "a{transform:rotate(0)skewX(0)rotate3d(1,0,0,0)}",
        ),
        "position": ("a{background-position:left top,center}", "a{background-position:0 0,50%}"),
        "position upside down": ("a{background-position:top left}", "a{background-position:0 0}"),
        "position of a layer": (
            "a{background:url(b) right 2px no-repeat}",
            "a{background:url(b)100% 2px no-repeat}",
        ),
        "usual position": ("a{background:url(b) 0 0 no-repeat}", "a{background:url(b)no-repeat}"),
        "size": ("a{background-size:9px auto}", "a{background-size:9px}"),
        "transparent": (
            "a{background:transparent;background-color:transparent}",
            "a{background:0 0;background-color:initial}",
        ),
        "shadow": ("a{box-shadow:0 0 0 0 red,1px 2px red}", "a{box-shadow:0 0 red,1px 2px red}"),
        "no shadow": ("a{box-shadow:none}", "a{box-shadow:none}"),
        "flex": (
            "a{flex:1 1 auto}b{flex:0 0 auto}c{flex:0 1 auto}d{flex:1 1 0%}",
            "a{flex:auto}b{flex:none}c{flex:initial}d{flex:1}",
        ),
        "font": ("a{font:normal 400 12px/1 'A B',serif}", "a{font:12px/1 a b,serif}"),
        "sides": (
            "a{margin:1px 2px 1px 2px;border-radius:1px 1px/2px;padding:1px 2px 3px}",
            "a{margin:1px 2px;border-radius:1px/2px;padding:1px 2px 3px}",
        ),
        "border": ("a{border:medium none;outline:0 none}", "a{border:none;outline:0}"),
        "number-like family": ("a{font-family:'1a','inherit'}", "a{font-family:'1a','inherit'}"),
        "data": ("a{b:url(data:text/plain;base64,QQ==)}", "a{b:url(data:,A)}"),
        "data that is none": ("a{b:url('data:x;base64,é')}", "a{b:url('data:x;base64,é')}"),
        "page": ("@page :first{margin:0px}", "@page :first{margin:0}"),
        "parentheses": ("@container x (width > 1px){a{b:c}}", "@container x (width>1px){a{b:c}}"),
        "scope": ("@scope (a :hover) to (b){c{d:e}}", "@scope (a :hover) to (b){c{d:e}}"),
        "grid": (
            "a{grid-area:1/2;grid-template-columns:[b] 1fr [c]}",
            "a{grid-area:1/2;grid-template-columns:[b]1fr[c]}",
        ),
    }
)
OTHER_STYLES = {
    "angle": ("a{transform:rotate(1deg)}", "a{transform:rotate(1)}"),
    "angle of a sum": ("a{transform:rotate(calc(0deg))}", "a{transform:rotate(calc(0))}"),
    "angle of an axis": ("a{transform:rotate3d(0deg,0,1,1deg)}", "a{transform:rotate3d(0,0,1,1deg)}"),
    "angle of a property": ("a{rotate:0deg}", "a{rotate:0}"),
    "angle of a gradient": (
        "a{background:linear-gradient(0deg,red,tan)}",
        "a{background:linear-gradient(0,red,tan)}",
    ),
    "angle as it is written": ("a{--b:rotate(0deg)}", "a{--b:rotate(0)}"),
    "number of a variable": ("a{--b:1.0}", "a{--b:1}"),
    "quotes of a variable": ("a{--b:'x'}", 'a{--b:"x"}'),
    "escape of a variable": ("a{--b:\\61}", "a{--b:a}"),
    "url of a variable": ("a{--b:url( x )}", "a{--b:url(x)}"),
    "quotes in a block of a variable": ("a{--b:{c:'x'}}", 'a{--b:{c:"x"}}'),
    "colour of an area": ("a{grid-area:red}", "a{grid-area:#f00}"),
    "colour of a transition": ("a{transition:tan 1s}", "a{transition:#d2b48c 1s}"),
    "colour of a list": ("a{list-style:red}", "a{list-style:#f00}"),
    "case of an area": ("a{grid-area:Emoji}", "a{grid-area:emoji}"),
    "zero of a number": ("a{order:0px}", "a{order:0}"),
    "zero of an image": ("a{border-image:url(b) 0px}", "a{border-image:url(b) 0}"),
    "zero of a scale": ("a{transform:scale(0px)}", "a{transform:scale(0)}"),
    "zero of a sine": ("a{width:sin(0px)}", "a{width:sin(0)}"),
    "zero in a prefixed calc": ("a{width:-webkit-calc(0px + 1%)}", "a{width:-webkit-calc(0 + 1%)}"),
    "small numbers": ("a{transform:scale(0.000001)}", "a{transform:scale(0)}"),
    "blanks in a family": ("a{font-family:'a  b'}", "a{font-family:a b}"),
    "keyword in a family": ("a{font-family:'a inherit'}", "a{font-family:a inherit}"),
    "system family": ("a{font-family:'-apple-system'}", "a{font-family:-apple-system}"),
    "Mac family": ("a{font-family:'BlinkMacSystemFont'}", "a{font-family:BlinkMacSystemFont}"),
    "family called normal": ("a{font:12px a,normal}", "a{font:12px a}"),
    "weight after the size": ("a{font:12px bold}", "a{font:12px 700}"),
    "nothing as a border": ("a{border-image:none}", "a{border-image:}"),
    "collapsed": ("a{border-collapse:none}", "a{border-collapse:}"),
    "two styles of a border": ("a{border:solid none}", "a{border:solid}"),
    "no background": ("a{background:none}", "a{background:}"),
    "prefixed flex": ("a{-ms-flex:1}", "a{-ms-flex:1 1 0%}"),
    "attribute case": ("[a=b i]{c:d}", "[a=b]{c:d}"),
    "nested descendant": ("a{& .b{c:d}}", "a{&.b{c:d}}"),
    "declarations after rules": ("a{b:c;d{e:f}g:h}", "a{b:c;g:h;d{e:f}}"),
    "fallback": ("a{color:red;color:rgb(0 0 0/.5)}", "a{color:rgb(0 0 0/.5)}"),
    "order of layers": ("@layer a,b;", "@layer b,a;"),
    "hack": ("a{*b:c}", "a{b:c}"),
    "old hack": ("a{b:c\\9}", "a{b:c}"),
    "scope": ("@scope (a :hover){c{d:e}}", "@scope (a:hover){c{d:e}}"),
    "position and size": ("a{background:url(b) 0 0/9px}", "a{background:url(b)/9px}"),
    "three positions": ("a{background:url(b) right 3px top 4px}", "a{background:url(b) right 3px}"),
    "descendant": ("a .b{c:d}", "a.b{c:d}"),
    "hidden descendant": ("a/**/.b{c:d}", "a .b{c:d}"),
    "descendant pseudo": ("a :hover{c:d}", "a:hover{c:d}"),
    "calc": ("a{b:calc(1px + 2px)}", "a{b:calc(1px+2px)}"),
    "calc of variables": ("a{b:calc(var(--c) + var(--d))}", "a{b:calc(var(--c)+var(--d))}"),
    "zero in calc": ("a{b:calc(0px + 1%)}", "a{b:calc(0 + 1%)}"),
    "zero time": ("a{transition:all 0s}", "a{transition:all 0}"),
    "zero of a variable": ("a{--b:0px}", "a{--b:0}"),
    "flex": ("a{flex:1 1 0px}", "a{flex:1}"),
    "quoted keyword": ("a{font-family:'serif'}", "a{font-family:serif}"),
    "string": ("a{content:'x  y'}", "a{content:'x y'}"),
    "url": ("a{b:url('x y')}", "a{b:url(xy)}"),
    "order": ("a{b:c;b:d}", "a{b:d;b:c}"),
    "rules": ("a{b:c}d{e:f}", "d{e:f}a{b:c}"),
    "important": ("a{b:c!important}", "a{b:c}"),
    "lost": ("a{b:c;d:e}", "a{b:c}"),
    "media": ("@media print{a{b:c}}", "a{b:c}"),
    "media and": ("@media screen and (min-width:1px){a{b:c}}", "@media screen and(min-width:1px){a{b:c}}"),
    "keyframes": ("@keyframes a{}", ""),
    "layer": ("@layer a,b;", ""),
    "case of a name": ("a{animation-name:Spin}", "a{animation-name:spin}"),
    "case of a variable": ("a{--B:c}", "a{--b:c}"),
    "data": ("a{b:url(data:,%41)}", "a{b:url(data:,%42)}"),
    "colour of a variable": ("a{--b:#ff0000}", "a{--b:red}"),
    "end of an element": ("a{content:'<\\/style>'}", "a{content:'</style>'}"),
    "empty rule before an import": ("a{}@import 'b';", "@import 'b';"),
    "empty block before an import": ("@media print{}@import 'b';", "@import 'b';"),
    "empty rule before a namespace": ("a{}@namespace b 'c';", "@namespace b 'c';"),
}
SAME_PAGES = {
    "white space": ("<p>  a   b </p> <p>c</p>", "<p>a b</p><p>c</p>"),
    "inline": ("a <b> c </b> d", "a <b>c </b>d"),
    "comment": ("a<!-- b -->c", "ac"),
    "entity": ("&lt;&#65;", "&lt;A"),
    "boolean": ('<input disabled="">', "<input disabled>"),
    "class": ('<p class=" a  b ">', '<p class="a b">'),
    "script": ("<script>\nvar a  =  1\n</script>", "<script>var a=1</script>"),
    "style": ("<style>a { b : c }</style>", "<style>a{b:c}</style>"),
    "style attribute": ('<p style="a : b ;">', '<p style="a:b">'),
    "handler": ('<p onclick=" a ( ) ; ">', '<p onclick="a()">'),
    "json": (
        '<script type="application/json">{ "a": 1 }</script>',
        '<script type="application/json">{"a":1}</script>',
    ),
}
OTHER_PAGES = {
    "space between words": ("<b>a</b> <b>c</b>", "<b>a</b><b>c</b>"),
    "space before an image": ("a <img>", "a<img>"),
    "pre": ("<pre> a  b </pre>", "<pre>a b</pre>"),
    "textarea": ("<textarea> a  b </textarea>", "<textarea>a b</textarea>"),
    "attribute": ('<a href="b">', '<a href="c">'),
    "lost attribute": ('<input value="">', "<input>"),
    "end": ("<p>a</p>b", "<p>ab"),
    "script": ("<script>a()</script>", "<script>b()</script>"),
    "template script": ("<script type=x> a </script>", "<script type=x>a</script>"),
    "conditional comment": ("<!--[if IE]>a<![endif]-->", ""),
    "doctype": ("<!doctype html>", ""),
    "entity": ("&amp;lt;", "&lt;"),
}


def table(kind: str, pairs: dict[str, tuple[str, str]]) -> list:
    return [pytest.param(kind, *pair, id=f"{kind}: {name}") for name, pair in pairs.items()]


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    table("js", SAME_SCRIPTS) + table("css", SAME_STYLES) + table("html", SAME_PAGES),
)
def test_the_judge_lets_pass(kind, before, after):
    assert verify.difference(before, after, kind) == ""


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    table("js", OTHER_SCRIPTS) + table("css", OTHER_STYLES) + table("html", OTHER_PAGES),
)
def test_the_judge_stops(kind, before, after):
    assert verify.difference(before, after, kind) != ""


UGLY_SCRIPTS = {
    "regex after )": "if (a) /x y/.test(b) ; c ( )",
    "division after )": "a = ( b ) / c / d",
    "regex after }": "function f ( ) { }\n/x/.test ( a )",
    "template": "a = `b  ${ c ( `d  ${ e }` ) }  // f`",
    "plus": "a + + b ; a + ++ b ; a - -- b ; a - - b",
    "new lines": "a\n++b\nlet c = d\n[1].f()\nreturn_\n/x/g",
    "// in strings": "a = '//' ; b = \"/* c */\" ; d = /[/]\\/\\//",
    "optional": "a ?.5 : 1 ; a ?.b ?.( c ) ?.[ d ]",
    "class": "class A extends B { #a = 1 ; static #b ; static { f ( ) } get c ( ) { return this . #a } async * d ( ) { } 'e' = 2 }",
    "hash-bang": "#!/usr/bin/env node\n'use strict' ; a ( )",
    "import attributes": "import a from './a.json' with { type : 'json' } ; export default a",
    "html comments": "<!-- one\na ( )\n--> two\nb ( )",
    "strict": "'use strict' ; function f ( ) { 'use strict' ; a ( ) }",
    "licence": "/*! mine */ a ( ) /* yours */",
    "private in": "class A { #a ; static is ( b ) { return #a in b } }",
    "numbers": "a = [ 0x10 , 0b11 , 0o7 , 1e21 , .5 , 5. , 1_000 , 10n ]",
    "unicode": "a = 'é\\u{1F600}\\x41' ; \\u0061b = 1",
    "exponent": "a = ( - b ) ** 2 ; a **= 2",
    "nullish": "a ??= b ; a ||= c ; ( a ?? b ) || c",
    "destructuring": "const { a : { b = 1 } , ... c } = d , [ e , , f ] = g",
    "loops": "for ( var a in b ) ; for ( const c of d ) e ( c ) ; for await ( const f of g ) ;",
    "labels": "a : for ( ; ; ) { for ( ; ; ) { continue a } }",
    "getters": "a = { get b ( ) { return 1 } , set b ( c ) { } , async * [ d ] ( ) { } , __proto__ : null }",
    "empty": " ; ; ",
    "only a comment": "// nothing",
    "catch": "try { a ( ) } catch { } finally { b ( ) }",
    "eval": "( function ( ) { var long = 1 ; eval ( 'long' ) } ) ( )",
    "shadow of tdewolff": "(function(){function f(){var s=g(),t;v=s.a}var v;f();h(v)})()",
    "names of tdewolff": "( function ( ) { function long ( ) { } a ( long . name ) } ) ( )",
    "reordering of tdewolff": "function f ( ) { const a = b ( ) ; const [ c ] = d ( ) ; e ( a , c ) }",
}
UGLY_STYLES = {
    "charset": '@charset "utf-8"; a { b : c }',
    "blank in a url": 'a { b : url( "x y.png" ) }',
    "comment as a border": ".a/**/.b , .c /**/ .d { e : f }",
    "calc": "a { b : calc( ( 1px + 2px ) * -1 - var( --c , 0px ) ) }",
    "data": "a { b : url( \"data:image/svg+xml;utf8,<svg xmlns='http://www.w3.org/2000/svg'> <a/> </svg>\" ) }",
    "custom": ":root { --a : { b : c } ; --d : 0px ; --e : ; --F:g }",
    "supports": "@supports ( display : grid ) and ( not ( display : x ) ) { a { b : c } }",
    "nesting": "a { & .b { c : d } &:hover { e : f } @media print { g : h } }",
    "container": "@container x ( width > 100px ) { a { b : c } }",
    "flex": "a { flex : 1 1 0px } b { flex : 0 0 auto }",
    "hacks": "a { *zoom : 1 ; _b : c ; filter : progid:X.Y( a = '#80000000' ) }",
    "licence": "/*! mine */ a { b : c }",
    "unclosed": "a { b : c",
    "selectors": "a:not( .b , .c ) > d ~ e + f::before , [ g = 'h' i ] { i : j }",
    "escapes": ".\\31 a , .b\\:c { content : '\\201C' }",
    "import": "@import url( 'a.css' ) layer( b ) supports( c : d ) print ;",
}


@pytest.mark.parametrize(
    ("kind", "text"),
    [pytest.param("js", text, id=f"js: {name}") for name, text in UGLY_SCRIPTS.items()]
    + [pytest.param("css", text, id=f"css: {name}") for name, text in UGLY_STYLES.items()],
)
def test_ugly_but_legal_input(kind, text):
    result = minify.slim(text, kind, minify.DEFAULT_ENGINES[kind])
    assert result.problem == ""
    assert len(result.text) <= len(text)
    start = "#!/usr/bin/env node\n" if text.startswith("#!") else ""
    assert result.text.startswith(start)
    assert verify.difference(text[len(start) :], result.text[len(start) :], kind) == ""


REAL = Path(django.contrib.admin.__file__).parent / "static/admin"


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=path.name)
        for path in sorted([*REAL.rglob("*.js"), *REAL.rglob("*.css")])
        if "i18n" not in path.parts and not is_minified(path.name)
    ],
)
def test_real_files(path):
    kind = path.suffix[1:]
    text = path.read_text("utf-8")
    result = minify.slim(text, kind, minify.DEFAULT_ENGINES[kind])
    assert result.problem == ""
    assert len(result.text) < len(text)
    assert verify.difference(text, result.text, kind) == ""


@pytest.mark.parametrize("name", ["shadow of tdewolff", "names of tdewolff", "eval"])
def test_what_the_bold_engine_gets_wrong_is_caught(name, monkeypatch):
    monkeypatch.setattr("django_static.minify.js_guard.within", lambda text: (text, False))
    text = UGLY_SCRIPTS[name]
    assert verify.difference(text, engines.tdewolff(text, "js"), "js").startswith(
        "the result means something else"
    )


@pytest.mark.parametrize(
    ("text", "stripped"),
    [
        (" a  {  b : c ; d : e ; } ", "a{b : c;d : e}"),
        ("/* x */ a { } /* y */", "a{}"),
        ("/*! x */ a { /*! y */ }", "/*! x */a{/*! y */}"),
        ("a/**/b{}", "a/**/b{}"),
        ("a /**/ b{}", "a b{}"),
        ("a/**/ b{}", "a b{}"),
        ("a/* x *//* y */b{}", "a/**/b{}"),
        ("a{b:c/* x */}", "a{b:c}"),
        ("a{b:c;;/* x */;}", "a{b:c;;}"),
        ("a{b:c;/*! x */}", "a{b:c;/*! x */}"),
        (r"""a{--b:"\f015 ";--c:'\30';content:"\e9 "}""", r"""a{--b:"\f015 ";--c:'\30';content:"\e9 "}"""),
        ("a{--b: #FfF  /* x */  1.50PX }", "a{--b: #FfF 1.50PX}"),
        ("a{b:url( c )}@media ( x )  {  a  {  }  }", "a{b:url( c )}@media ( x ){a{}}"),
        ("a{b:c", "a{b:c"),
        ("a{b:c /* x", "a{b:c"),
        ("a\r\n{\r\n\tb:c\f}\r", "a{b:c}"),
        ("@import 'a' ; b { }", "@import 'a';b{}"),
        ("a{b:'\\\n'}", "a{b:'\\\n'}"),
        (";", ";"),
        ("", ""),
    ],
)
def test_stripping_leaves_all_else_as_it_is_written(text, stripped):
    assert css_strip.strip(text) == stripped
    assert verify.difference(text, stripped, "css") == ""


def test_stripping_alone():
    assert engines.strip("a ( ) // b\nc ( 'd  e' )\n", "js") == "a()\nc('d  e')"
    assert engines.strip("a < !--b", "js") == "a < !--b"
    assert engines.strip("/* x */ a , b { c : d ; /*! y */ }", "css") == "a , b{c : d;/*! y */}"


@given(
    st.lists(st.sampled_from([*SAME_SCRIPTS.values(), *OTHER_SCRIPTS.values()]), min_size=2, max_size=2),
    st.integers(0, 1),
    st.integers(0, 1),
)
@settings(deadline=None, max_examples=200)
def test_the_judge_is_fair(pairs, first, second):
    """What is the same is so in both directions; and stripping changes nothing, so it passes whatever can be read."""
    before, after = pairs[0][first], pairs[1][second]
    assert (verify.difference(before, after, "js") == "") == (
        verify.difference(after, before, "js") == ""
    ) or (verify._TAG.search(before + after) or "/*!" in before + after)
    if verify.difference(before, before, "js"):
        assert "syntax errors" in verify.difference(before, before, "js")
    else:
        assert verify.difference(before, engines.strip(before, "js"), "js") == ""


@given(st.text(alphabet="ab(){};+-/*'\"`\\ \n<>=!?.:,[]0", max_size=40))
@settings(deadline=None, max_examples=300)
def test_whatever_comes_means_the_same_or_stays(text):
    result = minify.slim(text, "js", ("strip",))
    if result.problem:
        assert result.text.endswith(text)
    elif text.strip():
        assert verify.difference(text, result.text, "js") == "" or result.text == text


@given(st.text(alphabet="ab{};:#.,()'\"\\/* \n@-+0px>!", max_size=40))
@settings(deadline=None, max_examples=300)
def test_whatever_style_comes_means_the_same_or_stays(text):
    result = minify.slim(text, "css", ("strip",))
    assert result.text.endswith(text) if result.problem else verify.difference(text, result.text, "css") == ""


class TestFailure:
    @pytest.mark.parametrize(
        ("engine", "reason"),
        [("broken", "RuntimeError: no"), ("lossy", ""), ("no_text", ""), ("absent", "there is no engine")],
    )
    @pytest.mark.parametrize(
        ("name", "text", "head", "tail"),
        [
            ("a.css", "a { b : c }", "/* django-static: not minified: ", " */\na { b : c }"),
            (
                "b.css",
                '@charset "utf-8"; a { b : "é" }',
                '@charset "utf-8";/* django-',
                ' */\n a { b : "é" }',
            ),
            ("a.js", "'use strict'; a(); b()", "/* django-", " */\n'use strict'; a(); b()"),
            ("b.js", "#!/bin/node\na(); b()", "#!/bin/node\n/* django-", " */\na(); b()"),
            ("c.js", "#!/bin/node", "#!/bin/node", ""),
        ],
    )
    def test_publishes_the_original_with_the_reason(
        self, site, warned, engine, reason, name, text, head, tail
    ):
        site.settings.DJANGO_STATIC_MINIFIERS = dict.fromkeys(minify.KINDS, f"static_test_helpers.{engine}")
        site.write(name, text, 5)
        published = site.text(django_static.slimfile(f"/{name}"))
        assert published.startswith(head)
        assert published.endswith(tail)
        if tail:
            assert reason in published
            assert published.count("*/") == 1
            assert len(warned()) == 1
            assert name in warned()[0]

    def test_in_html(self, site):
        result = minify.slim("<p> a --> </p>", "html", ("static_test_helpers.broken",))
        assert result.text.endswith("<p> a --> </p>")
        assert result.text.count("-->") == 2

    def test_the_next_engine_is_asked(self, site, warned):
        site.settings.DJANGO_STATIC_MINIFIERS = {"js": ["static_test_helpers.broken", "strip"]}
        site.write("a.js", "a ( 1 )", 5)
        assert site.text(django_static.slimfile("/a.js")) == "a(1)"
        assert warned() == []

    def test_none_leaves_a_kind_alone(self, site):
        site.settings.DJANGO_STATIC_MINIFIERS = {"js": None}
        site.write("a.js", "a ( 1 )", 5)
        assert site.text(django_static.slimfile("/a.js")) == "a ( 1 )"

    def test_too_deep(self):
        deep = "[" * 3000 + "]" * 3000
        assert "nested too deeply" in minify.slim(deep, "js", ("strip",)).problem


def test_the_engine_works_after_a_fork():
    """Its runtime is Go's, whose threads a fork leaves behind: a call in the child would never return."""
    code = """
import os, sys
from django_static.minify import engines
assert engines.tdewolff("a ( 1 )", "js") == "a(1)"
pid = os.fork()
if pid == 0:
    ok = engines.tdewolff("var a = 'é' ; ", "js") == 'var a="é"' and engines.tdewolff("a { b : url( data:,x ) }", "css") == "a{b:url(data:,x)}"
    try:
        engines.tdewolff("a (", "js")
    except engines.EngineError as error:
        ok = ok and "MinifyError" in str(error)
    os._exit(0 if ok else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], timeout=60, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("text", "minified"),
    [
        ("app.use(function(err, req, res, next) { log(err) })", "app.use(function(e,t,n,s){log(e)})"),
        ("a(function(b) { 'use strict' })", "a(function(e){'use strict'})"),
        ("a(b => 1, (c, d) => c)", "a((e)=>1,(e,t)=>e)"),
        ("class A { b(c) {} set d(e) {} }", "class A{b(e){}set d(e){}}"),
        ("a = Math.pow(b, 2)", "a=Math.pow(b,2)"),
        (
            "function f(a) { return a === undefined || a != null }",
            "function f(e){return e===void 0||e!=null}",
        ),
        ("a(Math.abs(b), Math.trunc(c))", "a(Math.abs(b),Math.trunc(c))"),
        (
            "(function(){function f(){var s=g(),t;v=s . a}var v;f();h(v)})()",
            "(function(){function t(){var n,t=g();e=t.a}var e;t(),h(e)})()",
        ),
        (UGLY_SCRIPTS["names of tdewolff"], "(function(){function long(){}a(long.name)})()"),
        (
            "function f(a) { return a === null || a === undefined ? 'no' : a !== null }",
            "function f(e){return e===null||e===void 0?'no':e!==null}",
        ),
        ("a = b || false ; c = d && true", "a=b||!1,c=d&&!0"),
        ("if (false) { a() }  else { b() }", "!1?a():b()"),
        (r"a = b.replace( /[\-\^\\^x-z]/g , c )", r"a=b.replace(/[\-\^\\^x-z]/g,c)"),
        (
            "function f(a) { '@babel/helpers - typeof' ; return f = a , f(a) }",
            "function f(e){'@babel/helpers - typeof';return f=e,f(e)}",
        ),
        (
            "( function (first) { return function inner(long) { return eval('long') + first } } ) ( )",
            "(function(first){return function inner(long){return eval('long')+first}})()",
        ),
        (
            "a.name ; b = function(first) { var outer ; return function n(second) { outer = () => second } }",
            "a.name,b=function(first){var outer;return function n(second){outer=()=>second}}",
        ),
        (
            "( function ( ) { 'use strict'\n function inner(parameter) { return parameter.name } } ) ( )",
            "(function(){'use strict';function inner(e){return e.name}})()",
        ),
        ("a.name ; b = function inner(long) { /* nothing */ }", "a.name,b=function inner(long){}"),
        (
            "a.name ; b = function() { c() ; return function(longer) { d(longer) } }",
            "a.name,b=function(){c();return function(e){d(e)}}",
        ),
        (
            "a.name ; b = function({ c = () => 1 , long } = {}) { for (var n of long) { try { c(n) } catch (error) { } } }",
            "a.name,b=function({c=()=>1,long}={}){for(var n of long)try{c(n)}catch(error){}}",
        ),
        (
            "( function ( ) { var outer ; function f ( ) { var a = b() ; outer = a , c(outer) } } ) ( )",
            "(function(){var e;function t(){var t=b();e=t,c(e)}})()",
        ),
        ("try { a() } catch (b) { c() }", "try{a()}catch(e){c()}"),
        ("a = b() ? c(1 , 2) : c(3 , 2)", "a=b()?c(1,2):c(3,2)"),
        ("a = b ? c(1) : c(2)", "a=b?c(1):c(2)"),
        ("function f(b) { return b ? c(1) : c(2) }", "function f(e){return c(e?1:2)}"),
        ("function f() { if (b.d) { c(1) } else { c(2 , /* last */) } }", "function f(){b.d?c(1):c(2)}"),
        ("function f() { if (b()) { e = c(1) } else { e = c(2) } }", "function f(){b()?e=c(1):e=c(2)}"),
        ("function f() { if (b()) return c(1) ; return c(2) }", "function f(){return b()?c(1):c(2)}"),
        ("function f() { if (b()) return c.d(1) ; return c.d() }", "function f(){return b()?c.d(1):c.d()}"),
        ("function f() { a() ; b() ; return undefined }", "function f(){a(),b()}"),
        ("function f() { if (a()) { return void 0 } b() }", "function f(){if(a())return;b()}"),
        ("const a = b()\nconst { c } = d()", "const a=b(),{c}=d()"),
        (r"a = '\u00e9' + b", r'a="\u00e9"+b'),
        ("export default function a() { b() }", "export default function(){b()}"),
    ],
)
def test_the_bold_engine_is_kept_from_its_usual_mistakes(text, minified):
    result = minify.slim(text, "js", ("tdewolff",))
    assert result.problem == ""
    assert result.text.replace("'", '"').replace(
        "const a=b();const{c}", "const a=b(),{c}"
    ) == minified.replace("'", '"')


@pytest.mark.parametrize(
    ("kind", "before", "after", "shown"),
    [
        ("css", "a { b: url('a b.png') 1x }", "a{b:url('ab.png') 1x}", "'url a b.png' became 'url ab.png'"),
        (
            "css",
            "a { b: image-set('a b.png' 1x) }",
            "a{b:image-set('ab.png' 1x)}",
            "'string a b.png' became 'string ab.png'",
        ),
        ("html", "<p>a b</p>", "<p>ab</p>", "'text a b' became 'text ab'"),
    ],
)
def test_what_differs_is_shown(kind, before, after, shown):
    assert shown in verify.difference(before, after, kind)
