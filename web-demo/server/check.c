#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "wipe.h"

/* ---- the words -------------------------------------------------------- */

struct words {
	const char *en, *ja;
};

/* clang-format off */
/* By outcome: failed, held, not checked. NULL: that does not happen. */
static const struct {
	const char *name;
	struct words failed, held, unchecked;
} points[] = {
	{ "jws",
	    { "The card's answer does not belong to this reading or was changed on its way; read the card again.",
	      "カードの応答が今回の読み取りのものでないか、途中で書き換えられています。もう一度カードを読み取ってください。" },
	    { "The card answered this very challenge, for this site, just now.",
	      "このサイトが今回求めた乱数に、カードが電子署名しました。" },
	    { NULL, NULL } },
	{ "signature",
	    { "The signature is not over this document, or not by the key of this certificate; sign the document shown again.",
	      "この申請書に対する電子署名ではないか、証明書の鍵による署名ではありません。表示された申請書に、もう一度署名してください。" },
	    { "The signature is over exactly the document that this site keeps.",
	      "このサイトが保管している申請書そのものに対する電子署名です。" },
	    { NULL, NULL } },
	{ "issuer",
	    { "No certificate authority that this site trusts issued it (or it is a certificate for another purpose); use your own My Number card.",
	      "このサイトが信頼する認証局が発行した、この用途の電子証明書ではありません。ご本人のマイナンバーカードをお使いください。" },
	    { "A certificate authority that this site trusts issued it.",
	      "このサイトが信頼する認証局が発行した電子証明書です。" },
	    { "This site knows no certificate authority to hold it against; tell those who run it.",
	      "このサイトに認証局の証明書が設定されていないため、確認できません。サイトの管理者にお知らせください。" } },
	{ "validity",
	    { "The certificate is not valid at this time; have it renewed at the municipal office.",
	      "電子証明書の有効期間内ではありません。市区町村の窓口で更新してください。" },
	    { "The certificate is valid at this time.",
	      "電子証明書の有効期間内です。" },
	    { NULL, NULL } },
	{ "key_usage",
	    { "The certificate is not for this purpose; use the one that the procedure asks for.",
	      "この用途の電子証明書ではありません。手続きで求められた電子証明書をお使いください。" },
	    { "The certificate's key is for this purpose.",
	      "この用途に使える電子証明書です。" },
	    { NULL, NULL } },
	{ "policy",
	    { "The certificate does not carry the policy of JPKI for this purpose; use your own My Number card.",
	      "公的個人認証サービスの、この用途の証明書ポリシーがありません。ご本人のマイナンバーカードをお使いください。" },
	    { "It carries the policy of JPKI for this purpose.",
	      "公的個人認証サービスの、この用途の証明書ポリシーがあります。" },
	    { NULL, NULL } },
	{ "revocation",
	    { NULL, NULL }, { NULL, NULL },
	    { "Whether it was revoked is not checked: only those named by law may ask J-LIS.",
	      "失効しているかどうかは確認していません。法律で認められた者だけがJ-LISに照会できます。" } },
	{ "match",
	    { "What was typed is not what the certificate says; correct the fields that are marked. If you moved or changed your name, have the certificate renewed first.",
	      "入力された内容が電子証明書の記載と違います。印のついた項目を直してください。引っ越しや氏名の変更があった場合は、先に市区町村の窓口で電子証明書を更新してください。" },
	    { "Name, address, birth date and sex are those of the certificate.",
	      "氏名・住所・生年月日・性別が、電子証明書の記載と一致しました。" },
	    { "All that can be compared agrees; the certificate has no letter, or no value, for the rest, which a person at the office compares.",
	      "比較できる部分は一致しました。電子証明書で代わりの文字になっている部分などは比較できないため、担当者が確認します。" } },
	{ "holder",
	    { "Somebody else signed for this account before; sign with the card of the account's holder.",
	      "以前このアカウントで署名した方と違う方の電子署名です。アカウントのご本人のカードで署名してください。" },
	    { "The signer is the account's holder.",
	      "アカウントのご本人による電子署名です。" },
	    { NULL, NULL } },
};
/* clang-format on */

/* Adds a point; true: it does not stand in the way. */
static bool
verdict_add(struct verdict *verdict, const char *name, int ok)
{
	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		const struct words *words = ok == 0   ? &points[i].failed
					    : ok == 1 ? &points[i].held
						      : &points[i].unchecked;

		if (strcmp(points[i].name, name) != 0)
			continue;
		verdict->checks[verdict->n++] =
		    (struct check){ points[i].name, ok, words->en, words->ja };
	}
	return ok != 0;
}

/* The points of a certificate, as libkenmen names them. */
static void
verdict_take(struct verdict *verdict, const struct kenmen_authenticity *a)
{
	for (unsigned i = 0; i < a->n; i++)
		verdict_add(verdict, a->check[i].name, a->check[i].ok);
}

/* ---- a login ---------------------------------------------------------- */

bool
check_login(const struct checker *checker, const char *jws,
    const uint8_t challenge[TOKEN_LEN], struct moment now,
    struct kenmen_certificate_facts *ret_facts, struct verdict *ret)
{
	struct kenmen_challenge asked = { .len = TOKEN_LEN, .now = now.real_s };
	struct kenmen_login *login = calloc(1, sizeof(*login));
	struct verdict verdict = { 0 };
	int r = KENMEN_ERR_NO_MEMORY;

	if (login && strlen(checker->origin) < sizeof(asked.origin)) {
		strcpy(asked.origin, checker->origin);
		memcpy(asked.bytes, challenge, TOKEN_LEN);
		r = kenmen_login_verify(jws, strlen(jws), &asked,
		    CHECK_MAX_AGE_S, checker->trust, login, NULL);
	}
	verdict_add(&verdict, "jws", r == 0);
	if (r == 0) {
		verdict_take(&verdict, &login->authenticity);
		*ret_facts = login->certificate;
		/* Without a CA to hold it against nothing is proven. */
		verdict.good = login->trusted == 1;
	}
	wipe_free(login, sizeof(*login));
	*ret = verdict;
	return verdict.good;
}

/* ---- a signature ------------------------------------------------------ */

bool
check_signature(const struct checker *checker, const struct signed_document *s,
    struct moment now, struct kenmen_subject *ret_subject,
    struct match ret_matches[MATCHES_N], unsigned *ret_matches_n,
    struct verdict *ret)
{
	struct kenmen_signer *signer = calloc(1, sizeof(*signer));
	struct verdict verdict = { 0 };
	bool matches, holds;
	enum same same;

	*ret_matches_n = 0;
	if (!signer || kenmen_signer_verify(&s->certificate, KENMEN_SHA256,
			   s->document->sha256, &s->signature, checker->trust,
			   now.real_s, signer, NULL) < 0) {
		verdict_add(&verdict, "signature", 0);
		goto out;
	}
	*ret_subject = signer->certificate.attributes;
	*ret_matches_n = MATCHES_N;
	compare_all(s->sheet, ret_subject, ret_matches);
	same = compare_verdict(ret_matches);
	verdict_add(&verdict, "signature", 1);
	verdict_take(&verdict, &signer->authenticity);
	matches = verdict_add(&verdict, "match", same);
	holds = verdict_add(
	    &verdict, "holder", account_holds(s->account, ret_subject));
	verdict.good = signer->trusted == 1 && matches && holds;
out:
	wipe_free(signer, sizeof(*signer));
	*ret = verdict;
	return verdict.good;
}
