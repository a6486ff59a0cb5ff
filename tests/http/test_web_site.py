"""What holds for every page: where it is served, who gets in, what goes out with it."""

from __future__ import annotations

from api_place import Place


async def test_a_wrong_link_is_a_page_for_people_and_json_for_programs(place: Place) -> None:
    async with place.http.get(f"{place.url}/nowhere", headers={"Accept": "text/html"}) as page:
        assert (page.status, page.content_type) == (404, "text/html")
        assert "There is no such page" in await page.text()
    async with place.http.get(f"{place.url}/nowhere") as answer:
        assert (answer.status, answer.content_type) == (404, "application/json")
