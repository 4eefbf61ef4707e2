"""Mutated files of every format, as many as asked for, and what must hold for each: `make fuzz`.

seeds      whole files of each format, as the other tool writes them, with every feature that the importer knows
values     what no tool would write: dates, numbers and texts at which a reader may stumble
damage     bytes flipped, cut, spliced
trees, sheets, outlines    a file taken apart (JSON, a table, org), some of it replaced, and written again
held       which records an input plainly holds, so that none may be lost
subjects   the formats, and how an input of each is made from a number
lab        a workbench that is as it was before for each input
oracle     what must hold
campaign   many inputs, in processes of their own, counted; what fails is kept
"""
