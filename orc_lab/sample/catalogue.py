"""Who the sample person is: a student and freelancer who has moved, runs, gardens and promises too much.

Shares are positions in a life of a year: 0 its first day, 1 its last.
"""

from dataclasses import dataclass
from enum import StrEnum

from orc_lab.model.entities import Priority


class Fate(StrEnum):
    """What becomes of a project at its `ends`."""

    RUNNING = "running"
    COMPLETED = "completed"
    PAUSED = "paused"
    ARCHIVED = "archived"
    STALLED = "stalled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A project's life. `weight` is its share of attention, `bias` how the log of its durations is off,
    `tilt` how large its todos are; `tasks` maps a phrase to its category and tags, `things` fill the phrases."""

    title: str
    intention: int
    why: str
    priority: Priority
    starts: float
    ends: float
    fate: Fate
    due: float | None
    weight: float
    bias: float
    tilt: float
    tasks: tuple[tuple[str, str, str], ...]
    things: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Routine:
    """What comes again: its rule (RFC 5545), which is a weekday (0 Monday) or the first of each month (None)."""

    story: Story
    title: str
    rule: str
    weekday: int | None
    hours: float


INTENTIONS = (
    ("Finish the degree", "One large thing at a time, and this is the large one."),
    ("Earn my own work", "Clients I like, invoices that go out on time, evenings that are mine."),
    ("Be at home somewhere", "A flat, a garden and papers in order."),
    ("Stay awake", "Learn, run, make something with friends."),
)

THESIS = Story(
    title="Master's thesis",
    intention=0,
    why="It closes four years of study, and the position in spring depends on it.",
    priority=Priority.HIGH,
    starts=0.0,
    ends=1.0,
    fate=Fate.RUNNING,
    due=1.17,
    weight=2.2,
    bias=0.15,
    tilt=0.25,
    tasks=(
        ("Read and annotate {}", "reading", "deep"),
        ("Summarise {} on one page", "writing", "deep"),
        ("Draft the section on {}", "writing", "deep"),
        ("Revise the section on {}", "writing", "deep"),
        ("Make a figure for {}", "analysis", "computer"),
        ("Rerun the analysis of {}", "analysis", "computer"),
        ("Check the references on {}", "writing", ""),
        ("Ask Prof. Lindner about {}", "meeting", "call"),
        ("Write the code that cleans {}", "code", "deep computer"),
        ("Prepare slides on {} for the colloquium", "writing", "computer"),
    ),
    things=(
        "related work",
        "the survey data",
        "the sensor logs",
        "missing values",
        "seasonal effects",
        "the baseline model",
        "the second experiment",
        "limitations",
        "the introduction",
        "the discussion",
        "Okafor 2019",
        "Brandt and Sato 2021",
        "the pilot study",
        "ethics approval",
        "the appendix",
        "confidence intervals",
    ),
)

BAKERY = Story(
    title="Website relaunch for the bakery",
    intention=1,
    why="My first client of my own; done well it brings the next two.",
    priority=Priority.HIGH,
    starts=0.0,
    ends=0.42,
    fate=Fate.COMPLETED,
    due=0.4,
    weight=2.0,
    bias=0.15,
    tilt=0.15,
    tasks=(
        ("Design {}", "design", "deep computer"),
        ("Build {}", "code", "deep computer"),
        ("Fix {} on small screens", "code", "computer"),
        ("Write the text for {}", "writing", ""),
        ("Talk through {} with Ms Aydin", "meeting", "call"),
        ("Test {} in three browsers", "code", "computer"),
        ("Choose photos for {}", "design", ""),
        ("Move {} from the old site", "code", "computer"),
    ),
    things=(
        "the front page",
        "the order form",
        "opening hours",
        "the cake configurator",
        "the contact page",
        "the newsletter sign-up",
        "the menu",
        "the map",
        "the imprint",
        "the gallery",
        "the search",
        "the job offers",
    ),
)

MOVE = Story(
    title="House move",
    intention=2,
    why="Two rooms, a balcony, and twenty minutes less on the train each way.",
    priority=Priority.URGENT,
    starts=0.3,
    ends=0.55,
    fate=Fate.COMPLETED,
    due=0.53,
    weight=2.0,
    bias=-0.05,
    tilt=-0.15,
    tasks=(
        ("Pack {}", "household", "home"),
        ("Sell or give away {}", "errand", "home"),
        ("Call about {}", "admin", "call"),
        ("Compare offers for {}", "admin", "computer"),
        ("Carry {} to the new flat", "household", "home"),
        ("Sort out {}", "admin", ""),
        ("Buy {}", "errand", "errand"),
        ("Paint {}", "household", "home"),
    ),
    things=(
        "the kitchen",
        "the books",
        "the wardrobe",
        "the electricity contract",
        "the internet contract",
        "the moving van",
        "the cellar",
        "the desk and shelves",
        "the lamps",
        "the old sofa",
        "the registration office",
        "the deposit",
        "the hallway",
    ),
)

TAX = Story(
    title="Tax return",
    intention=2,
    why="Money back, and one folder less to feel guilty about.",
    priority=Priority.MEDIUM,
    starts=0.15,
    ends=0.29,
    fate=Fate.COMPLETED,
    due=0.27,
    weight=0.9,
    bias=-0.2,
    tilt=-0.3,
    tasks=(
        ("Collect the receipts for {}", "admin", "home"),
        ("Enter {} in the tax program", "admin", "computer"),
        ("Look up the rule for {}", "reading", "computer"),
        ("Ask the tax advice club about {}", "meeting", "call"),
        ("Check {} against the bank statement", "admin", "computer"),
    ),
    things=("travel", "the home office", "software", "insurance", "the train pass", "donations", "freelance income"),
)

SPANISH = Story(
    title="Learn Spanish to B1",
    intention=3,
    why="To talk with Lucía's parents at the wedding without hiding behind her.",
    priority=Priority.LOW,
    starts=0.06,
    ends=0.74,
    fate=Fate.STALLED,
    due=None,
    weight=0.9,
    bias=-0.1,
    tilt=-0.5,
    tasks=(
        ("Learn the words of unit {}", "learning", "deep"),
        ("Do the exercises of unit {}", "learning", ""),
        ("Watch an episode without subtitles: {}", "learning", "home"),
        ("Conversation hour with Marta about {}", "meeting", "call"),
        ("Write ten sentences about {}", "writing", ""),
    ),
    things=("5", "6", "7", "8", "9", "10", "food", "the family", "work", "travelling", "the news", "childhood"),
)

GARDEN = Story(
    title="Allotment garden",
    intention=2,
    why="Hands in the earth on Saturdays; tomatoes that taste of something.",
    priority=Priority.MEDIUM,
    starts=0.2,
    ends=1.0,
    fate=Fate.RUNNING,
    due=None,
    weight=0.8,
    bias=0.2,
    tilt=0.1,
    tasks=(
        ("Dig over {}", "garden", "errand"),
        ("Sow {}", "garden", "errand"),
        ("Prune {}", "garden", "errand"),
        ("Mend {}", "household", "errand"),
        ("Buy soil and stakes for {}", "errand", "errand"),
        ("Harvest and freeze {}", "garden", "home"),
        ("Ask Mr Petersen how he grows {}", "meeting", ""),
    ),
    things=(
        "the beans",
        "the tomatoes",
        "the raspberries",
        "the back bed",
        "the compost corner",
        "the shed roof",
        "the water butt",
        "the apple tree",
        "the herbs",
        "the fence",
        "the rhubarb",
    ),
)

PODCAST = Story(
    title="Podcast with Jonas",
    intention=3,
    why="We talk for hours anyway; someone might like to listen.",
    priority=Priority.LOW,
    starts=0.1,
    ends=0.4,
    fate=Fate.ARCHIVED,
    due=None,
    weight=0.9,
    bias=0.35,
    tilt=0.1,
    tasks=(
        ("Outline the episode on {}", "writing", ""),
        ("Record the episode on {}", "recording", "home"),
        ("Cut the episode on {}", "recording", "deep computer"),
        ("Write the show notes for {}", "writing", "computer"),
        ("Find a guest for {}", "admin", "call"),
    ),
    things=("night trains", "city trees", "lost words", "repair cafés", "maps", "bread", "moving house"),
)

BOOKING = Story(
    title="Booking system for the climbing gym",
    intention=1,
    why="Pays the summer, and the gym replaces a paper list that everyone hates.",
    priority=Priority.URGENT,
    starts=0.5,
    ends=1.0,
    fate=Fate.RUNNING,
    due=0.96,
    weight=2.3,
    bias=0.3,
    tilt=0.3,
    tasks=(
        ("Implement {}", "code", "deep computer"),
        ("Write tests for {}", "code", "computer"),
        ("Find out why {} fails at night", "code", "deep computer"),
        ("Sketch the screens for {}", "design", "computer"),
        ("Agree on {} with the gym", "meeting", "call"),
        ("Review and merge {}", "code", "computer"),
        ("Describe {} in the handbook", "writing", ""),
        ("Put {} on the test server", "code", "computer"),
    ),
    things=(
        "course sign-up",
        "cancellations",
        "the waiting list",
        "monthly passes",
        "the calendar export",
        "e-mail reminders",
        "the trainer view",
        "payments",
        "the data import",
        "access rights",
        "the statistics page",
        "the QR check-in",
    ),
)

RUNNING = Story(
    title="Half marathon in autumn",
    intention=3,
    why="A reason to get up early, and a bet with my sister.",
    priority=Priority.MEDIUM,
    starts=0.44,
    ends=0.87,
    fate=Fate.COMPLETED,
    due=0.87,
    weight=0.8,
    bias=-0.05,
    tilt=-0.4,
    tasks=(
        ("Long run: {}", "sport", "outside"),
        ("Intervals: {}", "sport", "outside"),
        ("Strength training: {}", "sport", "home"),
        ("Plan the training: {}", "admin", ""),
    ),
    things=("8 km", "10 km", "12 km", "15 km", "18 km", "legs", "core", "6 × 800 m", "the race week", "the taper"),
)

PHOTOS = Story(
    title="Family photo archive",
    intention=2,
    why="Grandmother can still say who is in them.",
    priority=Priority.LOW,
    starts=0.24,
    ends=0.62,
    fate=Fate.PAUSED,
    due=None,
    weight=0.5,
    bias=0.25,
    tilt=0.2,
    tasks=(
        ("Scan {}", "archive", "home"),
        ("Name the people in {}", "archive", "home"),
        ("Clean the scans of {}", "archive", "computer"),
        ("Visit grandmother with {}", "meeting", ""),
    ),
    things=("the blue album", "the wedding 1958", "the slides from Norway", "the shoe box", "the school years"),
)

TALK = Story(
    title="Talk at the regional data meetup",
    intention=0,
    why="Thirty minutes in front of people who might hire me.",
    priority=Priority.MEDIUM,
    starts=0.97,
    ends=1.0,
    fate=Fate.RUNNING,
    due=1.25,
    weight=0.9,
    bias=0.1,
    tilt=0.0,
    tasks=(
        ("Outline {}", "writing", "deep"),
        ("Draw the slides for {}", "design", "computer"),
        ("Rehearse {}", "meeting", "home"),
        ("Collect examples for {}", "reading", "computer"),
    ),
    things=("the opening", "the one chart", "the live demo", "the lessons learnt", "questions and answers"),
)

HOUSEHOLD = Story(
    title="Household and paperwork",
    intention=2,
    why="What is done weekly never becomes a project.",
    priority=Priority.LOW,
    starts=0.0,
    ends=1.0,
    fate=Fate.RUNNING,
    due=None,
    weight=1.7,
    bias=-0.1,
    tilt=-0.6,
    tasks=(
        ("Call {}", "admin", "call"),
        ("Answer the letter from {}", "admin", "home"),
        ("Write to {}", "admin", "computer"),
        ("Bring the form to {}", "errand", "errand"),
        ("Ask {} for a copy of the contract", "admin", "call"),
        ("Sort the papers from {}", "admin", "home"),
        ("Go through the list with {}", "meeting", ""),
        ("Repair the bicycle", "household", "home"),
        ("Defrost the freezer", "household", "home"),
        ("Clean the windows", "household", "home"),
        ("Take bottles and paper away", "errand", "errand"),
        ("Back up the laptop", "admin", "computer"),
        ("Cook for the week", "household", "home"),
    ),
    things=(
        "the health insurance",
        "the dentist",
        "the bank",
        "the landlord",
        "the library",
        "the garage",
        "the university",
        "the neighbours",
        "the optician",
    ),
)

STORIES = (
    THESIS,
    BAKERY,
    MOVE,
    TAX,
    SPANISH,
    GARDEN,
    PODCAST,
    BOOKING,
    RUNNING,
    PHOTOS,
    TALK,
    HOUSEHOLD,
)

ROUTINES = (
    Routine(
        story=HOUSEHOLD,
        title="Look through the week and empty the inbox",
        rule="FREQ=WEEKLY;BYDAY=FR",
        weekday=4,
        hours=0.5,
    ),
    Routine(
        story=HOUSEHOLD,
        title="Invoices and bank statements of the month",
        rule="FREQ=MONTHLY;BYMONTHDAY=1",
        weekday=None,
        hours=1.5,
    ),
)

SIZES = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0)
SIZE_WEIGHTS = (5.0, 13.0, 22.0, 10.0, 19.0, 12.0, 8.0, 3.5, 2.0, 0.6, 0.3)

DESCRIPTIONS = (
    "Start from last year's version.",
    "The notes are in the blue folder.",
    "Half an hour is enough if nobody calls.",
    "Wait for the answer before going on.",
    "Only the rough form; polish later.",
    "Done when it can be shown to someone else.",
)

GOALS = (
    "Get {} visibly forward; everything else may wait.",
    "{} first, each morning until noon.",
    "Close the open ends of {}.",
    "Keep it small: {}, and evenings off.",
    "{} and then the long list of little things.",
)

GOOD = (
    "A calm week. Mornings without mail made the difference.",
    "Nearly everything done; I had left room for once.",
    "Good rhythm from Tuesday on, and the plan held.",
    "Finished more than I thought, because I started with the large one.",
)
MIXED = (
    "Half of the plan was wishful. The large item should have been three.",
    "Two days went to things that were not on the list.",
    "Fine until Wednesday, then the calls began.",
    "I keep carrying the same two todos: decide or drop them.",
)
POOR = (
    "Promised far too much and then answered mail.",
    "Tired, and it shows. Next week half of it.",
    "Everything took twice as long; I had not looked at the details before planning.",
    "Interrupted all week. I should have moved the plan on Tuesday.",
)
