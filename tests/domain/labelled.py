"""Texts of patients and what they mean: `utterances/<code>.tsv`, a text and YES, NO or UNCLEAR in each line, and a few
that every language must know."""

from pathlib import Path

FOLDER = Path(__file__).parent / "utterances"
CODES = sorted(file.stem for file in FOLDER.glob("*.tsv"))

# What everybody must be able to say: yes, no, no more texts, wrong number, another time.
SAYS = {
    "ar": ("نعم", "لا", "أوقفوا الرسائل", "الرقم خطأ", "ممكن موعد آخر"),
    "az": ("bəli", "xeyr", "mənə yazmayın", "səhv nömrə", "başqa vaxt olar"),
    "ca": ("sí", "no", "no m'envieu més missatges", "s'ha equivocat de número", "pot ser un altre dia"),
    "cs": ("ano", "ne", "přestaňte mi psát", "špatné číslo", "šel by jiný termín"),
    "da": ("ja", "nej", "stop med at skrive til mig", "forkert nummer", "kan jeg få en anden tid"),
    "de": ("ja", "nein", "bitte keine SMS mehr", "falsche Nummer", "geht auch ein anderer Termin"),
    "el": ("ναι", "όχι", "σταματήστε να μου στέλνετε μηνύματα", "λάθος αριθμός", "μπορώ να αλλάξω το ραντεβού"),
    "en": ("yes", "no", "stop texting me", "wrong number", "can we do another day"),
    "es": ("sí", "no", "no me manden más mensajes", "número equivocado", "se puede otro día"),
    "eu": ("bai", "ez", "ez idatzi gehiago", "zenbaki okerra", "beste egun batean"),
    "fa": ("بله", "نه", "دیگه پیام ندید", "اشتباه گرفتید", "میشه یه روز دیگه"),
    "fr": ("oui", "non", "arrêtez de m'envoyer des messages", "mauvais numéro", "un autre jour possible"),
    "gl": ("si", "non", "non me envíen máis mensaxes", "número equivocado", "pode ser outro día"),
    "hi": ("हाँ", "नहीं", "मैसेज भेजना बंद करो", "गलत नंबर", "कोई और समय मिलेगा"),
    "ht": ("wi", "non", "pa voye mesaj ankò", "move nimewo", "yon lòt jou"),
    "hu": ("igen", "nem", "ne küldjenek több sms-t", "téves szám", "lehetne másik időpont"),
    "id": ("ya", "tidak", "jangan kirim sms lagi", "salah nomor", "bisa hari lain"),
    "it": ("sì", "no", "non mandatemi più messaggi", "numero sbagliato", "si può un altro giorno"),
    "ja": ("はい", "いいえ", "もう送らないでください", "番号違いです", "別の日にできますか"),
    "ko": ("네", "아니요", "문자 보내지 마세요", "잘못 보내셨어요", "다른 날로 가능할까요"),
    "nl": ("ja", "nee", "stop met sms'en", "verkeerd nummer", "kan het op een andere dag"),
    "no": ("ja", "nei", "slutt å sende meldinger", "feil nummer", "kan jeg få en annen time"),
    "pl": ("tak", "nie", "proszę nie wysyłać więcej smsów", "zły numer", "czy można inny termin"),
    "pt": ("sim", "não", "parem de mandar mensagens", "número errado", "pode ser outro dia"),
    "ro": ("da", "nu", "nu-mi mai trimiteți mesaje", "număr greșit", "se poate în altă zi"),
    "ru": ("да", "нет", "больше не пишите мне", "вы ошиблись номером", "можно другое время"),
    "sk": ("áno", "nie", "prestaňte mi písať", "zlé číslo", "dá sa iný termín"),
    "sv": ("ja", "nej", "sluta skicka sms", "fel nummer", "går det en annan tid"),
    "tl": ("oo", "hindi", "huwag na kayong mag-text", "wrong number", "pwede po ba sa ibang araw"),
    "tr": ("evet", "hayır", "artık mesaj atmayın", "yanlış numara", "başka gün olur mu"),
    "uk": ("так", "ні", "більше не пишіть мені", "ви помилилися номером", "можна інший час"),
    "vi": ("vâng", "không", "đừng nhắn tin nữa", "nhầm số", "đổi sang ngày khác được không"),
    "zh": ("是", "不", "别再发短信了", "你发错人了", "可以换个时间吗"),
}


def rows(code: str) -> list[tuple[str, str]]:
    """The texts of one language, each with its label."""
    lines = (FOLDER / f"{code}.tsv").read_text("utf-8").splitlines()
    return [(text, label) for text, _, label in (line.partition("\t") for line in lines)]


def said(code: str, label: str) -> list[str]:
    return [text for text, one in rows(code) if one == label]
