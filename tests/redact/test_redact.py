"""What is taken out of a text, and what may be put back. Secrets are drawn as `«…»` in the fixtures."""

from __future__ import annotations

import re

import pytest
import yaml

from chiron.redact import Redaction, holds_secret, redact, redact_part, restore

MARKED = re.compile(r"«(.*?)»", re.DOTALL)


def check_redacted(fixture: str) -> Redaction:
    """Redacts `fixture` without its marks: exactly what was marked must be gone."""
    text = MARKED.sub(r"\1", fixture)
    redaction = redact(text)
    shown = redaction.text
    for name, secret in redaction.secrets.items():
        shown = shown.replace(name, f"«{secret}»")
    assert shown == fixture
    assert restore(redaction.text, redaction, text) == text
    return redaction


@pytest.mark.parametrize(
    "line",
    [
        "db_password: «hunter2»",
        "db_password: '«it''s»'",
        'db_password: "«a \\"b\\" c»"',
        "db_password: «correct horse battery staple»",
        "db_password: «12345678»",
        "db_password: «changeme»",
        "db_password: «secret» # the one",
        "db_password: !unsafe '«{x»'",
        "db_password: &pw «hunter2»",
        "dbPassword: «hunter2»",
        "DB-PASSWORD: «hunter2»",
        '"db_password": "«hunter2»"',
        "ansible_become_pass: «hunter2»",
        "password_prod: «hunter2»",
        "password_for_bob: «hunter2»",
        "  - password: «hunter2»",
        "# password: «hunter2»",
        "password: «{{ x }}»".replace("«", "").replace("»", ""),
        "password: '{{ prefix }}«Secret1»'",
        "password: \"{{ given | default('«hunter2»') }}\"",
        "password: \"{{ '«hunter2»' | password_hash('sha512') }}\"",
        'password: "{% if x %}{{ y }}{% else %}«changeme1»{% endif %}"',
        "user: name=bob password=«hunter2» update_password=always",
        "opts: username=bob,password=«hunter2»,uid=1000",
        'content: \'{"password": "«hunter2»", "port": 1}\'',
        "users: [{name: a, password: «x1»}, {name: b, password: '«x2»'}]",
        "passwords: [«one», '«two»']",
        "url: https://bob:«hunter2»@example.com/",
        "url: https://bob:«p@ss»@example.com/",
        "url: redis://:«hunter2»@example.com:6379",
        "shell: mysql -u root -p«hunter2» app",
        "shell: mysqldump --password=«hunter2» app > /tmp/app.sql",
        "shell: PGPASSWORD=«hunter2» psql -c 'select 1'",
        "shell: tool --token «hunter2» --verbose",
        "shell: curl -u bob:«hunter2» https://example.com",
        "line: requirepass «hunter2»",
        "Authorization: Bearer «abcdef123456»",
        "Authorization: Bearer «QWERTZUIOPASDFGHJKLX»",
        "Authorization: Token «letmein!now»",
        'headers: {"Authorization": "Bearer «correcthorsebattery»"}',
        "vault_key: «QWERTZUIOPASDFGHJKLX» # ours",
        "vault_join: «abcdef.0a1bcd2efghi3jkl»",
        "- username admin privilege 15 secret 9 «hunter2»",
    ],
)
def test_a_secret_on_one_line_is_taken_out_and_nothing_beside_it(line: str) -> None:
    check_redacted(line)
    check_redacted(f"- hosts: all\n  vars:\n    a: b\n    {line}\n    c: d\n")


@pytest.mark.parametrize(
    "line",
    [
        'password: "{{ vault_password }}"',
        'Authorization: "Bearer {{ token }}"',
        "vault_stage: PRODUCTION_EU",
        "password: \"{{ lookup('env', 'DB_PASSWORD') }}\"",
        "password: \"{{ lookup('password', '/dev/null length=16') }}\"",
        "password: ''",
        "password:",
        "password: ~",
        "password: null",
        "password: !vault |",
        "password: *shared",
        "password: ********",
        "password: <password>",
        "update_password: always",
        "password_file: /etc/app/password",
        "password_lock: true",
        "private_key: /etc/ssl/private/site.key",
        "token: https://example.com/token",
        "token_ttl: 768h",
        "secret_name: app",
        "public_key: ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7x0f4 bob@example.com",
        "no_log: true",
        "when: password is defined and token == 'x'",
        "register: token",
        "msg: Set the password of the user",
        "# The password: see the wiki for how it is made",
        "path: /var/lib/postgresql/16/main/pg_hba.conf",
        "checksum: sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "version: 3f2504e04f8911d39a0c0305e82c3301a1b2c3d4",
        "that: password | length >= 12",
        "shell: mysql --password=$MYSQL_PASSWORD -e 'select 1'",
        "url: https://{{ user }}:{{ password }}@example.com/",
        "url: ssh://git@example.com:22/repo.git",
    ],
)
def test_what_only_tells_of_a_secret_stays(line: str) -> None:
    check_redacted(line)
    check_redacted(f"- hosts: all\n  vars:\n    a: b\n    {line}\n    c: d\n")


def test_a_vault_block_is_one_placeholder_that_keeps_its_tag_and_indentation() -> None:
    redaction = check_redacted(
        "password: !vault |\n"
        "  «$ANSIBLE_VAULT;1.1;AES256\n  66386439653236336462626566653063\n  3136»\n"
        "other: value\n"
    )
    assert redaction.text == "password: !vault |\n  __CHIRON_SECRET_1__\nother: value\n"


def test_a_vaulted_file_keeps_nothing() -> None:
    assert redact("$ANSIBLE_VAULT;1.1;AES256\n6638643965323633\n3136626431626536\n").text.strip() == (
        "__CHIRON_SECRET_1__"
    )


def test_a_private_key_is_one_placeholder_even_when_it_is_cut_off() -> None:
    check_redacted(
        "key: |\n  «-----BEGIN PRIVATE KEY-----\n  MIIEvQIBADANBgkq\n  -----END PRIVATE KEY-----»\n"
    )
    body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"
    check_redacted(f"key: |\n  «-----BEGIN RSA PRIVATE KEY-----\n  {body}\n  {body}»\n")


def test_a_certificate_and_a_public_key_stay() -> None:
    body = "MIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQswCQYDVQQGEwJJ"
    for kind in ("CERTIFICATE", "PUBLIC KEY"):
        check_redacted(f"x: |\n  -----BEGIN {kind}-----\n  {body}\n  {body}\n  -----END {kind}-----\n")


def test_a_block_scalar_under_a_secret_key_is_one_secret() -> None:
    check_redacted("password: |\n  «one\n\n    two»\nother: |\n  three\n")
    check_redacted("- password: >-\n    «one»\n  other: two\n")


def test_a_quoted_or_plain_scalar_may_go_on_below() -> None:
    check_redacted('password: "«begins\n  and ends»"\nother: x\n')
    check_redacted("password: «begins\n  and ends»\nother: x\n")


def test_a_quote_that_is_being_typed_does_not_swallow_the_file() -> None:
    redaction = redact('- vars:\n    password: "abc\n    other: x\n  tasks:\n    - name: "y"\n')
    assert "other: x" in redaction.text
    assert '- name: "y"' in redaction.text
    assert "abc" not in redaction.text


def test_everything_under_a_plural_is_meant_but_what_tells_of_it() -> None:
    check_redacted(
        "passwords:\n  root: «one»\n  bob: '«two»'\n  path: /etc/x\n  name: three\nnext: four\n"
        "tokens:\n- «five»\n- '«six»'\nlast: seven\n"
    )


def test_a_description_under_a_plural_stays() -> None:
    check_redacted(
        "server_tokens:\n  type: str\n  description:\n  - Puts the version in error messages.\n  default: x\n"
    )


def test_the_value_beside_a_name_that_is_a_secrets_is_one() -> None:
    check_redacted(
        "env:\n  - name: DB_PASSWORD\n    value: «hunter2»\n  - name: LEVEL\n    value: debug\n"
        "  - value: '«hunter3»'\n    name: API_TOKEN\n"
    )
    check_redacted("debconf:\n  question: app/root_password\n  value: «hunter2»\n  vtype: password\n")
    check_redacted("ini_file:\n  option: password\n  section: db\n  value: «hunter2»\n")


def test_the_argument_after_an_option_for_a_secret_is_one() -> None:
    check_redacted("argv:\n  - tool\n  - --password\n  - «hunter2»\n  - --verbose\n  - other\n")


def test_in_a_task_that_is_not_logged_what_looks_like_a_secret_is_one() -> None:
    check_redacted(
        "- name: One\n  ansible.builtin.command: enroll «Kq83jd02!x» --now /etc/x v1.2.3\n  no_log: true\n"
        "- name: Two\n  ansible.builtin.command: enroll Kq83jd02 --now\n"
    )


def test_a_block_that_is_not_logged_covers_its_tasks() -> None:
    check_redacted(
        "- no_log: true\n  block:\n    - name: One\n      shell: enroll «Kq83jd02!x»\n"
        "- name: Two\n  shell: echo hello\n"
    )


def test_no_log_false_covers_nothing() -> None:
    check_redacted("- name: One\n  shell: enroll Kq83jd02!x\n  no_log: false\n")


def test_a_secret_is_also_taken_out_where_it_stands_without_its_key() -> None:
    check_redacted("db_password: «hunter2»\ntasks:\n  - shell: login bob «hunter2»\n")


def test_a_secret_that_is_a_common_word_or_a_variables_name_does_not_take_those_with_it() -> None:
    check_redacted("admin_password: «admin»\nuser: admin\n")
    check_redacted("admin_secret: '«admin_secret»'\nx: '{{ admin_secret }}'\n")


def test_the_same_secret_has_the_same_placeholder_throughout_a_request() -> None:
    first = redact("a_password: hunter2\nb_password: hunter2\n")
    assert first.text == "a_password: __CHIRON_SECRET_1__\nb_password: __CHIRON_SECRET_1__\n"
    second = redact("token: t0ken\nc_password: hunter2\nshell: echo hunter2\n", known=first)
    assert second.text == (
        "token: __CHIRON_SECRET_2__\nc_password: __CHIRON_SECRET_1__\nshell: echo __CHIRON_SECRET_1__\n"
    )
    assert dict(second.secrets) == {"__CHIRON_SECRET_1__": "hunter2", "__CHIRON_SECRET_2__": "t0ken"}


def test_redacted_yaml_is_still_yaml_of_the_same_shape() -> None:
    text = (
        "a: {password: 'it''s', x: [1, 2]}\npassword: \"a: b # c\"\nkey: |\n  x\n"
        "secret: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6638\nlist: [{token: x}]\n"
    )

    before = yaml.compose(text)
    after = yaml.compose(redact(text).text)
    assert isinstance(before, yaml.MappingNode)
    assert isinstance(after, yaml.MappingNode)
    assert [key.value for key, _ in after.value] == [key.value for key, _ in before.value]
    assert [value.tag for _, value in after.value] == [value.tag for _, value in before.value]
    assert [getattr(value, "style", None) for _, value in after.value] == [
        getattr(value, "style", None) for _, value in before.value
    ]


# ------------------------------------------------------------------ placeholders that stand there already


def test_a_literal_that_looks_like_a_placeholder_is_not_taken_for_one() -> None:
    text = "password: hunter2\nnote: __CHIRON_SECRET_1__\n"
    redaction = redact(text)
    assert redaction.text == "password: __CHIRON_SECRET_1__\nnote: __CHIRON_SECRET_2__\n"
    assert restore(redaction.text, redaction, text) == text


# ------------------------------------------------------------------ what may be put back


DOCUMENT = "vars:\n  db_password: hunter2\n"


def test_a_secret_of_this_document_is_put_back() -> None:
    redaction = redact(DOCUMENT)
    assert (
        restore("login_password: __CHIRON_SECRET_1__\n", redaction, DOCUMENT) == "login_password: hunter2\n"
    )


def test_a_secret_of_another_file_is_not_put_back() -> None:
    redaction = redact("api_token: t0ken\n", known=redact(DOCUMENT))
    assert restore("token: __CHIRON_SECRET_2__\n", redaction, DOCUMENT) is None


def test_that_another_files_secret_stands_in_this_document_as_a_word_does_not_help() -> None:
    document = "user: admin\n"
    redaction = redact("password: admin\n", known=redact(document))
    assert restore("password: __CHIRON_SECRET_1__\n", redaction, document) is None


@pytest.mark.parametrize(
    "answer",
    [
        "password: __CHIRON_SECRET_7__\n",
        "password: __chiron_secret_1__\n",
        "password: CHIRON_SECRET_1\n",
        "password: __CHIRON_SECRET_1_\n",
        "password: __CHIRON_SECRET__\n",
        "password: CHIRON SECRET\n",
    ],
)
def test_an_unknown_or_mangled_placeholder_is_withheld(answer: str) -> None:
    assert restore(answer, redact(DOCUMENT), DOCUMENT) is None


def test_an_answer_without_placeholders_comes_back_as_it_is() -> None:
    assert restore("state: present\n", redact(DOCUMENT), DOCUMENT) == "state: present\n"


def test_a_restored_secret_is_not_looked_at_for_placeholders_again() -> None:
    text = "password: hunter2\nnote: __CHIRON_SECRET_1__\n"
    redaction = redact(text)
    assert restore("x: __CHIRON_SECRET_2__", redaction, text) == "x: __CHIRON_SECRET_1__"


# ------------------------------------------------------------------ literal secrets in answers


def test_a_literal_secret_in_an_answer_is_found_and_not_named() -> None:
    reason = holds_secret("  password: letmein99\n", redact(DOCUMENT), DOCUMENT)
    assert reason is not None
    assert "letmein99" not in reason


def test_a_secret_of_this_document_may_stand_in_an_answer() -> None:
    assert holds_secret("  password: hunter2\n", redact(DOCUMENT), DOCUMENT) is None


def test_a_secret_of_another_file_may_not_even_without_its_key() -> None:
    redaction = redact("token: aB3dE6gH9\n", known=redact(DOCUMENT))
    assert holds_secret("  line: aB3dE6gH9\n", redaction, DOCUMENT) is not None


def test_placeholders_and_variables_are_no_literal_secrets() -> None:
    redaction = redact(DOCUMENT)
    assert holds_secret("password: __CHIRON_SECRET_1__\ntoken: '{{ x }}'\n", redaction, DOCUMENT) is None


def test_the_secrets_are_not_shown_where_a_redaction_is_printed() -> None:
    assert "hunter2" not in repr(redact(DOCUMENT))


# ------------------------------------------------------------------ parts


def test_a_part_that_begins_within_a_block_is_seen_with_what_stands_above_it() -> None:
    text = "a: b\npassword: |\n  one\n  two\n  three\nnext: four\n"
    start = text.index("  two")
    part = redact_part(text, start, len(text))
    assert "two" not in part.text
    assert "three" not in part.text
    assert part.text.endswith("next: four\n")


def test_a_part_of_a_secret_is_not_put_back() -> None:
    text = "password: |\n  one\n  two\n"
    part = redact_part(text, text.index("two"), len(text))
    assert restore(part.text, part, text) is None
