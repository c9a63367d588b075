"""The people of tests/sim/people.c as kenmend tells of them, written down a
second time and by hand: what a page must get. And the read that gets it."""

# SELECT and counter before the prompt; after it SELECT, counter, VERIFY, READ;
# what shows that it is genuine: three READs and the chip's signature; and
# SELECT of another application, which forgets the PIN.
ELEVEN = ["SELECT", "TRIES", "SELECT", "TRIES", "VERIFY", "READ",
          "READ", "READ", "READ", "SIGN", "SELECT"]

PINS = {"hanako": "1234", "taro": "2345", "long": "4567", "far": "6789",
        "former": "8901", "gaiji": "1098", "broken": "3210", "nine": "9999",
        "three": "3333", "unknown-day": "0400", "child": "2468"}


def _person(name, address, birth_date, raw, sex, code):
    return {"name": name, "address": address, "birth_date": birth_date,
            "birth_date_raw": raw, "sex": sex, "sex_code": code}


PEOPLE = {
    "hanako": _person(
        "見本　花子", "東京都千代田区見本町１－２－３",
        "1990-04-01", "19900401", "female", "2"),
    "taro": _person(
        "見本　太郎", "大阪府大阪市中央区例町４－５－６　見本ビル７０１",
        "1975-12-31", "19751231", "male", "1"),
    "long": _person(
        "MIHONSKAYA-EXEMPLARIDIS MAXIMILIANA ALEXANDRA WILHELMINA THEODORA "
        "CONSTANCE SERAPHINA GUADALUPE BERNADETTE OF SAMPLETOWN UPON EXAMPLE",
        "神奈川県横浜市中区例示町１２番地３４",
        "1968-11-05", "19681105", "female", "2"),
    "far": _person(
        "例示　遠子",
        "北海道見本郡見本町字例示原野基線東二十三号北一千二百三十四番地五十六"
        "　例示団地自治会第七区画内見本記念集合住宅はるかかなた棟壱拾弐階"
        "壱弐参四号室　見本方　例示様方離れ二階東側角部屋",
        "2001-09-09", "20010909", "female", "2"),
    "former": _person(
        "見本［例示］　市子", "福岡県見本市例区一丁目２番３号",
        "1984-02-29", "19840229", "female", "2"),
    # U+845B with its variation selector, U+20BB7, private use: all kept
    "gaiji": _person(
        "\u845b\U000e0100城　\U00020bb7\ue000",
        "奈良県\U00020bb7野郡例村大字\U000f0001９９番地",
        "1947-05-03", "19470503", "male", "1"),
    # one U+FFFD for each part that could not have begun a character: ff;
    # ed a0 80 and c0 af, byte by byte; e5 ad together
    "broken": _person(
        "見\ufffd本　\ufffd\ufffd\ufffd壊\ufffd\ufffd子\ufffd",
        "岐阜県例示市\ufffd町１", "1999-12-31", "19991231", "male", "1"),
    "nine": _person(
        "例示　九", "京都府京都市例区９９９",
        "1999-09-09", "19990909", "not_applicable", "9"),
    "three": _person(
        "例示　三", "三重県例示市３３３",
        "1993-03-03", "19930303", "unknown", "3"),
    "unknown-day": _person(
        "見本　日無", "沖縄県例示市見本１２３", None, "19500400", "male", "1"),
    "child": _person(
        "見本　こども", "東京都千代田区見本町１－２－３",
        "2019-10-01", "20191001", "male", "1"),
}


def attributes(read, verdict="consistent"):
    """The results of a read that ends done, without the verdict: that all on
    the card agrees."""
    got = dict(read.to_end("done").results["attributes"])
    assert got.pop("authenticity")["verdict"] == verdict
    return got


def read_person(rig, person="hanako", page=None, verdict="consistent",
                **extra):
    """One whole read: that person's card is in a reader, its PIN is typed.
    Checks what comes of it, and that no card holds a verified PIN."""
    rig.windows.answer("pin " + PINS[person])
    read = (page or rig.session(takeover=True)).read(**extra)
    assert attributes(read, verdict) == PEOPLE[person]
    assert not any(card.verified() for card in rig.card)
    return read


def prompted(rig, answer="pin 1234"):
    """A read whose window is open; rig.windows.release() answers it."""
    rig.windows.answer("hold " + answer)
    read = rig.session().read()
    read.until("waiting_for_pin")
    rig.windows.wait_shown()
    return read
